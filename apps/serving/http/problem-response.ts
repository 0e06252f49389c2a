import type { ServerResponse } from 'node:http';
import { problemOf, type Rejection } from '#libs/contracts/index.js';

/** What a refused prediction adds to its problem: where the refusal is recorded. */
export interface ProblemExtension {
  readonly prediction_id?: string;
}

/** Answers a plain node:http request with application/problem+json. */
export function respondProblem(
  response: ServerResponse,
  rejection: Rejection,
  { headers = {}, ...extension }: ProblemExtension & { readonly headers?: Readonly<Record<string, string>> } = {},
): void {
  const problem = problemOf(rejection);
  const body = JSON.stringify({ ...problem, ...extension });
  response.writeHead(problem.status, {
    'content-type': 'application/problem+json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    ...(problem.status === 503 ? { 'retry-after': '1' } : {}),
    ...headers,
  });
  response.end(body);
}
