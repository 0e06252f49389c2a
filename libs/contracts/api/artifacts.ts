import { z } from 'zod';
import { sha256Digest } from '../names.js';

export const artifactStored = z.object({ digest: sha256Digest, size: z.int().nonnegative() }).meta({ id: 'Artifact' });
