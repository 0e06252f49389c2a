/** Server-sent events (WHATWG HTML, "Server-sent events"): how a feed writes and how a client reads them. */

/** One event: its id comes back as Last-Event-ID. JSON holds no line breaks, so one data line is enough. */
export const sentEvent = (id: number, data: unknown): string => `id: ${id}\ndata: ${JSON.stringify(data)}\n\n`;

/** The last event of a feed that has an end: a client that met it does not come back. */
export const sentEnd = (data: unknown): string => `event: end\ndata: ${JSON.stringify(data)}\n\n`;

/**
 * Keeps a connection alive through proxies. With an id and no data nothing is dispatched at the client, but its
 * Last-Event-ID moves on: a filtered feed resumes behind what it has skipped.
 */
export const heartbeat = (id: number): string => `: heartbeat\nid: ${id}\n\n`;

/** Where a feed begins: how soon a client should come back, and something to read at once. */
export const feedHead = (retryMs: number, what: string): string => `retry: ${retryMs}\n: ${what}\n\n`;
