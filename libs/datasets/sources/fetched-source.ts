import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { accept, messageOf, type Result } from '#libs/kernel/index.js';
import { orRefusal, orRefusalLater, Refused, type DatasetRefusal } from '../refusal.js';
import { fileSource, type FileSource } from './data-source.js';

export interface FetchOptions {
  /** A URL is fetched if it begins with the origin and path of one of these. */
  readonly allowed: readonly string[];
  /** Where the bytes are kept, as the file `dataset`, for as long as the caller wants them. */
  readonly folder: string;
  /** Bytes taken at most (default: 16 GiB). */
  readonly maxBytes?: number;
  /** Milliseconds from the request to the last byte (default: an hour). */
  readonly timeoutMs?: number;
  /** Milliseconds without a byte (default: a minute). */
  readonly silentMs?: number;
  readonly signal?: AbortSignal;
  readonly fetch?: typeof fetch;
}

/** Whether a URL is one of those allowed; nothing is fetched. Refused as `fetchedSource` does. */
export const checkUrl = (text: string, allowed: readonly string[]): Result<URL, DatasetRefusal> =>
  orRefusal(() => accept(allowedUrl(text, allowed)));

/** Redirects that are followed, each of them to a URL that is allowed itself. */
const mostRedirects = 5;

/**
 * The bytes behind an http(s) URL, kept in a file so that they can be read several times.
 * @returns `not_allowed` for a URL, or the target of a redirect, outside of those allowed, or one that carries a password;
 *   `not_found` for 404 and 410; `unavailable` for other answers, time-outs and broken connections; `too_large`.
 * @throws what `signal` was aborted with.
 */
export function fetchedSource(url: string, options: FetchOptions): Promise<Result<FileSource, DatasetRefusal>> {
  return orRefusalLater(async () => {
    const { folder, maxBytes = 2 ** 34, timeoutMs = 3_600_000, silentMs = 60_000, signal } = options;
    const timeout = AbortSignal.timeout(timeoutMs);
    const silence = new AbortController();
    const watch = setTimeout(() => {
      silence.abort();
    }, silentMs);
    const either = AbortSignal.any([timeout, silence.signal, ...(signal === undefined ? [] : [signal])]);
    const file = join(folder, 'dataset');
    try {
      const response = await requested(url, options, either);
      await pipeline(bodyOf(response, maxBytes, watch), createWriteStream(file), { signal: either });
      return accept(await fileSource(file));
    } catch (error) {
      await rm(file, { force: true });
      signal?.throwIfAborted();
      if (error instanceof Refused) throw error;
      const silent = silence.signal.aborted ? `was silent for ${silentMs} ms` : `cannot be fetched: ${reasonOf(error)}`;
      const what = timeout.aborted ? `took more than ${timeoutMs} ms` : silent;
      throw new Refused('unavailable', null, `'${url}' ${what}`);
    } finally {
      clearTimeout(watch);
    }
  });
}

async function requested(from: string, options: FetchOptions, signal: AbortSignal): Promise<Response> {
  const get = options.fetch ?? fetch;
  let url = allowedUrl(from, options.allowed);
  for (let redirects = 0; redirects <= mostRedirects; redirects++) {
    const response = await get(url, { redirect: 'manual', signal });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null) return orRefused(response, url);
    await response.body?.cancel();
    url = allowedUrl(new URL(location, url).href, options.allowed);
  }
  throw new Refused('unavailable', null, `'${from}' was redirected more than ${mostRedirects} times`);
}

/** Compared as parsed, so that neither `..` nor a name before an `@` passes for what it is not. */
function allowedUrl(text: string, allowed: readonly string[]): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new Refused('not_allowed', null, `'${text}' is no http(s) URL`);
  if (url.username !== '' || url.password !== '')
    throw new Refused('not_allowed', null, 'a URL that holds a user or a password is not fetched');
  // Servers may take an encoded slash or dot for the character itself.
  const plain = !/%2e|%2f|%5c/i.test(url.pathname);
  if (plain && allowed.some((prefix) => isBelow(url, new URL(prefix)))) return url;
  throw new Refused('not_allowed', null, `'${text}' does not begin as one of the URLs that are allowed`);
}

/** `/data` allows `/data` and `/data/a.csv`, and not `/database.csv`. */
function isBelow(url: URL, prefix: URL): boolean {
  const folder = prefix.pathname.endsWith('/') ? prefix.pathname : `${prefix.pathname}/`;
  return url.origin === prefix.origin && (url.pathname === prefix.pathname || url.pathname.startsWith(folder));
}

async function orRefused(response: Response, url: URL): Promise<Response> {
  if (response.ok) return response;
  await response.body?.cancel();
  const reason = response.status === 404 || response.status === 410 ? 'not_found' : 'unavailable';
  throw new Refused(reason, null, `'${url.href}' answered ${response.status}`);
}

function bodyOf(response: Response, maxBytes: number, watch: NodeJS.Timeout): Readable {
  if (response.body === null) return Readable.from([]);
  const reader = response.body.getReader();
  return Readable.from(limited(reader, maxBytes, watch));
}

async function* limited(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
  watch: NodeJS.Timeout,
): AsyncIterable<Uint8Array> {
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      watch.refresh();
      bytes += value.length;
      if (bytes > maxBytes) throw new Refused('too_large', null, `more than ${maxBytes} bytes, the most fetched here`);
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

/** `fetch failed` says nothing; its cause does. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);
