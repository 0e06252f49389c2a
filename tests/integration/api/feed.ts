import { expect } from '@jest/globals';

/** One event of a feed; what it does not say is undefined. */
export interface FedEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: unknown;
}

export interface Feed {
  /** The next event with data; undefined at the end of the feed. */
  next(): Promise<FedEvent | undefined>;
  close(): Promise<void>;
}

/** A live feed, read as it comes. */
export async function openFeedAt(url: string, headers: Record<string, string> = {}): Promise<Feed> {
  const abort = new AbortController();
  const response = await fetch(url, { headers: { accept: 'text/event-stream', ...headers }, signal: abort.signal });
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  const blocks = blocksOf(response.body!);
  return {
    async next() {
      for (;;) {
        const { value, done } = await blocks.next();
        if (done === true) return undefined;
        const fields = new Map(
          value.split('\n').map((line) => [line.split(': ', 1)[0]!, line.slice(line.indexOf(': ') + 2)]),
        );
        const data = fields.get('data');
        if (data !== undefined) return { id: fields.get('id'), event: fields.get('event'), data: JSON.parse(data) };
      }
    },
    async close() {
      abort.abort();
      await blocks.return(undefined).catch(() => undefined);
    },
  };
}

async function* blocksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  let text = '';
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      yield text.slice(0, end);
      text = text.slice(end + 2);
    }
  }
  return undefined;
}
