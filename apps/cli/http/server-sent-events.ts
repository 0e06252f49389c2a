/** One event of a text/event-stream; `id` alone moves the place at which the feed resumes. */
export interface SentEvent {
  readonly id: string | undefined;
  /** Data lines joined; undefined where there were none. */
  readonly data: string | undefined;
}

/** The events of a feed (WHATWG HTML, "Server-sent events"), however the pieces are cut. Comments are left out. */
export async function* readEvents(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<SentEvent> {
  let fields: { id?: string; data?: string[] } = {};
  for await (const line of linesOf(pieces)) {
    if (line === '') {
      if (fields.id !== undefined || fields.data !== undefined) yield { id: fields.id, data: fields.data?.join('\n') };
      fields = {};
      continue;
    }
    const colon = line.indexOf(':');
    if (colon === 0) continue;
    const [name, value] = colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
    if (name === 'id') fields.id = value;
    if (name === 'data') (fields.data ??= []).push(value);
  }
}

async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces) {
    rest += decoder.decode(piece, { stream: true });
    // A return at the end may be the first half of a line break.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
