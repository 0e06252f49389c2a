/**
 * A raw TCP server with the least framing that HTTP/1.1 allows: find the blank line, read Content-Length, wait for that
 * many bytes, write a fixed answer. It parses nothing else; what the load generator reaches here is its ceiling.
 */
import { createServer, type Socket } from 'node:net';
import { serveUntilOrphaned } from './serve.js';

const BODY = '{"prediction_id":"0000000000000000","output":{"label":1,"probabilities":{"0":0.25,"1":0.75}}}';
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`,
  'latin1',
);
const CONTENT_LENGTH = /content-length: *(\d+)/i;

serveUntilOrphaned(createServer({ noDelay: true }, serve));

function serve(socket: Socket): void {
  /** Bytes of the current request still to come, once its head is known. */
  let missing = 0;
  let head: Buffer | null = null;
  socket.on('data', (chunk) => {
    if (missing === 0) {
      const gathered: Buffer = head === null ? chunk : Buffer.concat([head, chunk]);
      const size = requestSize(gathered);
      head = size === undefined ? gathered : null;
      if (size === undefined) return;
      missing = size - gathered.length;
    } else {
      missing -= chunk.length;
    }
    if (missing === 0) socket.write(ANSWER);
    if (missing < 0) socket.destroy(new Error('a client sent a request before the answer to its last one'));
  });
  socket.on('error', () => socket.destroy());
}

/** Bytes of the whole request whose head `bytes` begins with, or undefined while its head is incomplete. */
function requestSize(bytes: Buffer): number | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  return end + 4 + Number(CONTENT_LENGTH.exec(bytes.toString('latin1', 0, end))?.[1] ?? 0);
}
