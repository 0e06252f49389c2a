import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { problemOf, type Problem, type Rejection } from '#libs/contracts/index.js';

/** Node keeps the answer under way in this property, until all of it is with the operating system. */
export type HttpSocket = Socket & { readonly _httpMessage?: ServerResponse | null };

/** Statuses that only HTTP's own framing has; a problem with one keeps the code of its kind. */
export type TransportStatus = 400 | 408 | 413 | 417 | 431;

export const transportProblem = (status: TransportStatus, rejection: Rejection): Problem => ({
  ...problemOf(rejection),
  status,
});
