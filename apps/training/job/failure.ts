import type { DataFinding } from '#libs/contracts/index.js';

/** Why a job cannot be done, whoever does it. */
export interface JobFailure {
  /** Stable; the job's status tells it. */
  readonly code: string;
  readonly message: string;
  readonly findings?: readonly DataFinding[];
}
