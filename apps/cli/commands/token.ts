import { environmentVariables, type Role } from '#libs/contracts/index.js';
import { isoTime, type Clock } from '#libs/kernel/index.js';
import { signToken } from '#libs/nest/index.js';
import { CommandFailed } from '../errors.js';
import type { Io } from '../io.js';

export interface TokenOptions {
  readonly actor: string;
  readonly roles: readonly Role[];
  /** Seconds. */
  readonly expires: number;
  readonly json: boolean;
}

/** Prints a token and nothing else, so that `$(…)` takes it up. Nobody has to be asked: who has the secret may sign. */
export async function token(io: Io, clock: Clock, { actor, roles, expires, json }: TokenOptions): Promise<void> {
  const now = clock.now();
  const signed = await signToken({ actor, roles, secret: secretOf(io), now, validForS: expires });
  const expiresAt = isoTime((Math.floor(now / 1000) + expires) * 1000);
  io.out(json ? JSON.stringify({ token: signed, actor, roles, expires_at: expiresAt }) : signed);
}

function secretOf({ env }: Io): string {
  const given = env.MODELOG_AUTH_SECRET;
  if (given === undefined || given === '')
    throw new CommandFailed(
      'MODELOG_AUTH_SECRET is not set: expected the secret that the server was started with. A server without one asks for no token',
      1,
    );
  if (environmentVariables.shape.MODELOG_AUTH_SECRET.safeParse(given).success) return given;
  throw new CommandFailed(`MODELOG_AUTH_SECRET has ${given.length} characters: expected at least 32`, 1);
}
