import type { Rejection } from '#libs/contracts/index.js';

/** A refusal on its way to the caller; ProblemFilter turns it into application/problem+json. */
export class ProblemException extends Error {
  constructor(
    readonly rejection: Rejection,
    /** Response headers beside the content type, for example Retry-After. */
    readonly headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(`${rejection.code}: ${rejection.detail}`, options);
    this.name = 'ProblemException';
  }
}
