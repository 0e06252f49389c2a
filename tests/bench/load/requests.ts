import { writeFileSync } from 'node:fs';

/** Writes POST requests with JSON bodies in the load generator's format: each preceded by its length in 32 bits. */
export function writeRequests(file: string, path: string, bodies: readonly unknown[]): void {
  if (bodies.length === 0) throw new RangeError('bodies: expected at least one, got none');
  writeFileSync(file, Buffer.concat(bodies.flatMap((body) => withLength(encodeRequest(path, body)))));
}

function encodeRequest(path: string, body: unknown): Buffer {
  const json = JSON.stringify(body);
  const head = [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(json)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${json}`, 'utf8');
}

function withLength(bytes: Buffer): [Buffer, Buffer] {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return [length, bytes];
}
