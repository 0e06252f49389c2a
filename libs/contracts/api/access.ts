import { z } from 'zod';
import { permission, role } from '../access.js';

export const whoAmI = z
  .object({
    actor: z.string(),
    roles: z.array(role),
    permissions: z.array(permission),
    authentication: z.enum(['token', 'none']),
    expires_at: z.string().nullable(),
  })
  .meta({ id: 'WhoAmI' });
