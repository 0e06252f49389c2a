import { gunzip, inflate, type InputType } from 'node:zlib';
import { rejection, type Rejection } from '#libs/contracts/index.js';
import { accept, messageOf, reject, type Result } from '#libs/kernel/index.js';
import { tooLarge } from '../../http/size-limits.js';

type Decoded = (decoded: Result<Buffer, Rejection>) => void;
type Unpack = (
  data: InputType,
  options: { maxOutputLength: number },
  done: (error: Error | null, data: Buffer) => void,
) => void;

/** Undoes a Content-Encoding, at once where there is none. No more than `limit` bytes are ever unpacked. */
export function decodeContent(body: Buffer, encoding: string | undefined, limit: number, done: Decoded): void {
  const name = (encoding ?? 'identity').trim().toLowerCase();
  if (name === 'identity' || name === '') {
    done(accept(body));
    return;
  }
  const unpack = unpackers.get(name);
  if (unpack === undefined) {
    const message = `expected ${[...unpackers.keys()].join(', ')} or identity`;
    const detail = `the body cannot be unpacked: header Content-Encoding: ${message}`;
    done(reject(rejection('unsupported_media_type', detail, [{ path: 'header Content-Encoding', message }])));
    return;
  }
  unpack(body, { maxOutputLength: limit }, (error, data) => {
    if (error === null) done(accept(data));
    else if ('code' in error && error.code === 'ERR_BUFFER_TOO_LARGE') done(reject(tooLarge(limit)));
    else done(reject(rejection('malformed_body', `the body is not ${name} data: ${messageOf(error)}`)));
  });
}

/** `deflate` is what zlib writes, not bare deflate (RFC 9110, 8.4.1.2). */
const unpackers: ReadonlyMap<string, Unpack> = new Map<string, Unpack>([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', inflate],
]);
