import type { IncomingMessage, ServerResponse } from 'node:http';
import { problemCodes, type Rejection } from '#libs/contracts/index.js';
import { answerBeforeBody } from '../../http/refuse-body.js';

export function answerJson(response: ServerResponse, body: unknown): void {
  answer(response, 200, Buffer.from(JSON.stringify(body)), { 'content-type': json });
}

/** A refusal in the protocol's form; its code and where it is recorded stand beside the text. */
export function answerRefusal(response: ServerResponse, refusal: Rejection & { readonly predictionId?: string }): void {
  const { status, body, headers } = refused(refusal);
  answer(response, status, body, headers);
}

/** The same before the request's body is read. */
export function refuseBeforeBody(request: IncomingMessage, response: ServerResponse, refusal: Rejection): void {
  answerBeforeBody(request, response, refused(refusal));
}

export function answer(
  response: ServerResponse,
  status: number,
  body: Buffer,
  headers: Readonly<Record<string, string>>,
): void {
  response.writeHead(status, { ...headers, 'content-length': String(body.length) });
  response.end(body);
}

const json = 'application/json';

function refused({ code, detail, predictionId }: Rejection & { readonly predictionId?: string }) {
  const [status] = problemCodes[code];
  const told = { error: detail, code, ...(predictionId === undefined ? {} : { prediction_id: predictionId }) };
  return {
    status,
    body: Buffer.from(JSON.stringify(told)),
    headers: { 'content-type': json, ...(status === 503 ? { 'retry-after': '1' } : {}) },
  };
}
