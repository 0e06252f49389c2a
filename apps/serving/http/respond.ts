import type { ServerResponse } from 'node:http';
import type { Rejection } from '#libs/contracts/index.js';
import type { PredictContext } from '../prediction/context.js';
import { respondProblem } from './problem-response.js';

export function respond(response: ServerResponse, body: string, draining: boolean): void {
  const bytes = Buffer.byteLength(body);
  const headers = ['content-type', 'application/json', 'content-length', String(bytes)];
  if (draining) headers.push('connection', 'close');
  response.writeHead(200, headers);
  // One byte a character: the cheaper encoding writes the same bytes.
  response.write(body, bytes === body.length ? 'latin1' : 'utf8');
  // Head and body leave as one string; `end(body)` would add an empty piece to them and gather the two (writev).
  response.socket?.uncork();
  response.end();
}

/** The same for a body that has been encoded: it leaves behind the head without a copy. */
export function respondBytes(response: ServerResponse, body: Buffer, draining: boolean): void {
  const headers = ['content-type', 'application/json', 'content-length', String(body.length)];
  if (draining) headers.push('connection', 'close');
  response.writeHead(200, headers);
  response.end(body);
}

/** An answer that is no prediction. */
export function respondRefusal(
  { admission }: Pick<PredictContext, 'admission'>,
  response: ServerResponse,
  refusal: Rejection,
  predictionId?: string,
): void {
  respondProblem(response, refusal, {
    ...(predictionId === undefined ? {} : { prediction_id: predictionId }),
    ...(admission.draining ? { headers: { connection: 'close' } } : {}),
  });
}
