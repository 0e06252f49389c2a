import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { problemOf, type Problem, type Rejection } from '#libs/contracts/index.js';

/** How much of a refused body is read and thrown away, and for how long. */
const lingerBytes = 8 * 2 ** 20;
const lingerMs = 2_000;

/**
 * Answers before the body is read and closes the connection. The answer is complete at once; the connection is closed
 * when the client stops sending, or after two seconds or 8 MiB: closed at once, with bytes unread, the operating system
 * would reset it and the client might never see the answer.
 */
export function refuseBody(request: IncomingMessage, response: ServerResponse, refusal: Rejection | Problem): void {
  const problem = 'status' in refusal ? refusal : problemOf(refusal);
  answerBeforeBody(request, response, {
    status: problem.status,
    body: Buffer.from(JSON.stringify(problem)),
    headers: { 'content-type': 'application/problem+json; charset=utf-8' },
  });
}

/** The same with an answer of another form. */
export function answerBeforeBody(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body, headers }: { readonly status: number; readonly body: Buffer; readonly headers: OutgoingHttpHeaders },
): void {
  response.writeHead(status, { ...headers, 'content-length': body.length, connection: 'close' });
  if (/100-continue/i.test(request.headers.expect ?? '')) {
    // The client waits for a word before it sends the body: nothing is on its way.
    response.end(body);
    return;
  }
  response.write(body);
  let discarded = 0;
  const finish = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(finish, lingerMs);
  response.once('close', () => {
    clearTimeout(timer);
  });
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > lingerBytes) finish();
  });
  request.once('end', finish);
  request.resume();
}
