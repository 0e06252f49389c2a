import { setTimeout as pause } from 'node:timers/promises';
import { api } from '#libs/contracts/index.js';
import { CommandFailed } from '../errors.js';
import { refused, type ApiClient } from '../http/api-client.js';
import { readEvents } from '../http/server-sent-events.js';
import type { Io } from '../io.js';
import { eventLine } from '../text/event-line.js';

export interface EventsOptions {
  readonly from?: number | undefined;
  readonly types?: string | undefined;
  readonly aggregate?: string | undefined;
  readonly follow: boolean;
  /** Most events to print. */
  readonly limit?: number | undefined;
  readonly json: boolean;
}

const defaultLimit = 50;
const pageSize = 500;
const reconnectMs = 1_000;

/** Prints events from a sequence on; with `follow`, those that come, for as long as wanted. */
export async function events(client: ApiClient, io: Io, options: EventsOptions): Promise<void> {
  if (options.follow) await follow(client, io, options);
  else await list(client, io, options);
}

async function list(
  client: ApiClient,
  io: Io,
  { from = 1, limit = defaultLimit, ...options }: EventsOptions,
): Promise<void> {
  let left = limit;
  let cursor: string | undefined;
  for (;;) {
    const query = queryOf(options, { from_seq: from, limit: Math.min(left, pageSize), cursor });
    const { items, next_cursor } = await client.get(`/api/events?${query}`, api.eventPage);
    for (const event of items) print(io, event, options.json);
    left -= items.length;
    if (next_cursor === null) return;
    if (left === 0) {
      if (!options.json) io.err(`There are more events: modelog events --from ${(items.at(-1)?.seq ?? from) + 1}`);
      return;
    }
    cursor = next_cursor;
  }
}

/** Without a place to begin: what comes from now on. A feed that breaks is taken up where it broke. */
async function follow(client: ApiClient, io: Io, { limit = Infinity, ...options }: EventsOptions): Promise<void> {
  let left = limit;
  const isOver = (): boolean => left <= 0 || io.signal.aborted;
  let last = (options.from ?? (await headOf(client)) + 1) - 1;
  while (!isOver()) {
    const response = await open(client, options, last);
    try {
      for await (const { id, data } of readEvents(response.body!)) {
        last = id === undefined ? last : Number(id);
        if (data === undefined) continue;
        print(io, api.eventView.parse(JSON.parse(data)), options.json);
        left -= 1;
        if (isOver()) return;
      }
    } catch (error) {
      if (isOver()) return;
      io.err(`The feed broke (${String(error)}); taking it up behind event ${last}`);
    }
    await pause(reconnectMs, undefined, { signal: io.signal }).catch(() => undefined);
  }
}

async function open(client: ApiClient, options: Omit<EventsOptions, 'limit'>, last: number): Promise<Response> {
  const query = queryOf(options, { from_seq: last + 1 });
  const response = await client.open(`/api/events?${query}`, { accept: 'text/event-stream' });
  if (!response.ok) throw refused(response.status, await response.text());
  if (response.body === null) throw new CommandFailed('The server answered without a feed', 1);
  return response;
}

async function headOf(client: ApiClient): Promise<number> {
  return (await client.get('/api/events?limit=1', api.eventPage)).as_of_seq;
}

function queryOf(
  { types, aggregate }: Pick<EventsOptions, 'types' | 'aggregate'>,
  rest: Readonly<Record<string, string | number | undefined>>,
): string {
  const query = new URLSearchParams();
  const all: Readonly<Record<string, string | number | undefined>> = { ...rest, types, aggregate };
  for (const [name, value] of Object.entries(all)) if (value !== undefined) query.set(name, String(value));
  return query.toString();
}

const print = (io: Io, event: api.EventView, json: boolean): void => {
  io.out(json ? JSON.stringify(event) : eventLine(event));
};
