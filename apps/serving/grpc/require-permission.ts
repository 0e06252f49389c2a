import type { Metadata } from '@grpc/grpc-js';
import { rejection, type Permission, type Rejection } from '#libs/contracts/index.js';
import { permitted, type Authenticator, type Verdict } from '#libs/nest/index.js';

/** Null: whoever sends this metadata may. A promise only for a token that is not known yet. */
export function refusalFor(
  authenticator: Authenticator,
  metadata: Metadata,
  wanted: Permission,
): Rejection | null | Promise<Rejection | null> {
  if (!authenticator.required) return null;
  const [authorization] = metadata.get('authorization');
  const verdict = authenticator.authenticate(authorization?.toString());
  return verdict instanceof Promise ? settled(verdict, wanted) : judged(verdict, wanted);
}

async function settled(verdict: Promise<Verdict>, wanted: Permission): Promise<Rejection | null> {
  try {
    return judged(await verdict, wanted);
  } catch {
    return rejection('internal', 'the token could not be verified');
  }
}

function judged(verdict: Verdict, wanted: Permission): Rejection | null {
  const admitted = permitted(verdict, wanted);
  return admitted.ok ? null : admitted.rejection;
}
