import { rejection, type Rejection } from '#libs/contracts/index.js';
import type { LoadFailure } from './load-artifact.js';
import type { Servable } from './servable.js';

export type LoadState =
  | { readonly status: 'loading'; readonly lastFailure: FailedAt | null }
  | { readonly status: 'loaded'; readonly servable: Servable; readonly loadMs: number }
  /** Let go of, or not loaded, for want of memory; loaded when somebody asks for it. */
  | { readonly status: 'released' }
  | { readonly status: 'failed'; readonly failure: FailedAt };

export interface FailedAt extends LoadFailure {
  /** ISO-8601 instant. */
  readonly at: string;
}

/** Why a deployment whose version is in this state does not answer here. */
export function notLive(deployment: string, state: LoadState | undefined): Rejection {
  const failure = state?.status === 'failed' ? state.failure : state?.status === 'loading' ? state.lastFailure : null;
  const reason = failure === null ? 'its version is being loaded' : `${failure.code}: ${failure.reason}`;
  return rejection('deployment_not_live', `${deployment} cannot serve in this process: ${reason}`);
}
