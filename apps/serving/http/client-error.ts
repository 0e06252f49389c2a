import { STATUS_CODES } from 'node:http';
import { rejection } from '#libs/contracts/index.js';
import { transportProblem, type HttpSocket, type TransportStatus } from './transport-problem.js';

/** How long a client that still sends is given to read its answer: bytes left unread would reset the connection. */
const lingerMs = 2_000;

/** Answers what node:http itself could not read: a body cut off half-way, a broken or an endless head. */
export function clientErrorAnswerer(): (error: NodeJS.ErrnoException, socket: HttpSocket) => void {
  const answered = new WeakSet<HttpSocket>();
  return (error, socket) => {
    // Every further piece of what could not be read is an error again.
    if (answered.has(socket)) return;
    if (error.code === 'ECONNRESET' || !socket.writable || socket._httpMessage?.headersSent === true) {
      socket.destroy(error);
      return;
    }
    answered.add(socket);
    const status = statusOf(error);
    const body = JSON.stringify(transportProblem(status, rejection('malformed_body', told(error, status))));
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/problem+json; charset=utf-8\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
    const timer = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('close', () => {
      clearTimeout(timer);
    });
  };
}

function statusOf({ code }: NodeJS.ErrnoException): TransportStatus {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return 431;
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return 413;
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 408;
    case undefined:
    default:
      return 400;
  }
}

function told({ code, message }: NodeJS.ErrnoException, status: TransportStatus): string {
  if (status === 431) return 'request line and headers together are too large';
  if (status === 408) return 'the headers did not arrive in time';
  return `the request cannot be read: ${code ?? message}`;
}
