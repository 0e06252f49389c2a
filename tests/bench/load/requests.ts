import { writeFileSync } from 'node:fs';

/** A POST request as it goes over the wire, without its Content-Length, which follows from the body. */
export interface PreparedRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Writes requests in the load generator's format: each preceded by its length in 32 bits. */
export function writePrepared(file: string, requests: readonly PreparedRequest[]): void {
  if (requests.length === 0) throw new RangeError('requests: expected at least one, got none');
  writeFileSync(file, Buffer.concat(requests.flatMap((request) => withLength(encodeRequest(request)))));
}

/** The same with JSON bodies. */
export function writeRequests(file: string, path: string, bodies: readonly unknown[]): void {
  const headers = { 'content-type': 'application/json' };
  writePrepared(
    file,
    bodies.map((body) => ({ path, headers, body: Buffer.from(JSON.stringify(body), 'utf8') })),
  );
}

function encodeRequest({ path, headers, body }: PreparedRequest): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'utf8'), body]);
}

function withLength(bytes: Buffer): [Buffer, Buffer] {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return [length, bytes];
}
