import { z } from 'zod';
import { actorName } from './names.js';

export const role = z.enum(['viewer', 'scientist', 'approver', 'operator', 'admin']);
export type Role = z.infer<typeof role>;

/**
 * read: every query · predict: predictions · register: artifacts, versions, evaluations, tags, aliases, requests ·
 * train: data sets, training jobs · approve: approve and reject · promote: promote, roll back, archive · deploy: everything about deployments.
 */
export const permission = z.enum(['read', 'predict', 'register', 'train', 'approve', 'promote', 'deploy']);
export type Permission = z.infer<typeof permission>;

export const permissionsOf: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: ['read'],
  scientist: ['read', 'predict', 'register', 'train'],
  approver: ['read', 'predict', 'approve'],
  operator: ['read', 'predict', 'promote', 'deploy'],
  admin: permission.options,
};

/** Seconds since the epoch, as far as a date can be written. */
const instant = z.int().min(0).max(8_640_000_000_000);

/** What a token says (JWT, HS256). */
export const tokenClaims = z.object({
  iss: z.literal('modelog'),
  /** The actor. */
  sub: actorName.refine((name) => !name.startsWith('system:') && name !== 'local', 'this actor is reserved'),
  roles: z.array(role).min(1),
  iat: instant,
  exp: instant,
});
export type TokenClaims = z.infer<typeof tokenClaims>;

/** Who asks, and what they may do. */
export interface Identity {
  readonly actor: string;
  readonly roles: readonly Role[];
}

/** Without authentication: one person on their own machine may do everything. */
export const localIdentity: Identity = { actor: 'local', roles: ['admin'] };

export const isAllowed = ({ roles }: Identity, wanted: Permission): boolean =>
  roles.some((each) => permissionsOf[each].includes(wanted));
