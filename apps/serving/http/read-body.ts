import { isAscii, isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { rejection, type Rejection } from '#libs/contracts/index.js';
import { accept, messageOf, reject, type Result } from '#libs/kernel/index.js';
import { hasMoreContainers, tooManyContainers } from './containers.js';

/** Gathers a body of at most `limit` bytes. `done` is not called for a body that never ends. */
export function readBody(
  request: IncomingMessage,
  limit: number,
  done: (body: Buffer) => void,
  exceeded: () => void,
): void {
  let first: Buffer | null = null;
  let more: Buffer[] | null = null;
  let size = 0;
  const onData = (chunk: Buffer): void => {
    size += chunk.length;
    if (size > limit) {
      request.off('data', onData);
      request.off('end', onEnd);
      exceeded();
    } else if (first === null) first = chunk;
    else (more ??= [first]).push(chunk);
  };
  const onEnd = (): void => {
    done(more === null ? (first ?? Buffer.alloc(0)) : Buffer.concat(more, size));
  };
  request.on('data', onData);
  request.on('end', onEnd);
}

/** JSON text is UTF-8 (RFC 8259); other bytes are refused, not replaced. 413 for one of too many arrays and objects. */
export function parseJson(body: Buffer): Result<unknown, Rejection> {
  const ascii = isAscii(body);
  if (!ascii && !isUtf8(body)) return reject(rejection('malformed_json', 'the body is not UTF-8'));
  const text = ascii ? body.toString('latin1') : body.toString('utf8');
  if (hasMoreContainers(text)) return reject(tooManyContainers());
  try {
    return accept(JSON.parse(text) as unknown);
  } catch (error) {
    const reason = body.length === 0 ? 'the body is empty' : messageOf(error);
    return reject(rejection('malformed_json', `the body is not JSON: ${withoutExcerpt(reason)}`));
  }
}

/** V8 quotes a part of the text in its message; values stay out of answers and logs. */
const withoutExcerpt = (message: string): string =>
  message
    .replace(/, (?:\.\.\.)?".*"(?:\.\.\.)? is not valid JSON$/s, '')
    .replace(/^(Unexpected token) .*?( at position|$)/s, '$1$2');

/** Strict: a page in a browser can send `text/plain` to a local server without asking anybody. */
export const isJsonType = (contentType: string | undefined): boolean =>
  contentType !== undefined && (contentType === 'application/json' || /^application\/json\s*(;|$)/i.test(contentType));
