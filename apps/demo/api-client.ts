import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { messageOf } from '#libs/kernel/index.js';
import { DemoFailed } from './demo-failed.js';

/** What the answers were like, so far. */
export interface Tally {
  requests: number;
  /** Answers other than 2xx or than their schema, and requests without an answer. */
  errors: number;
}

/** Calls of the platform's HTTP API. Each that is not well is counted, and ends the demo. */
export class ApiClient {
  readonly tally: Tally = { requests: 0, errors: 0 };

  constructor(
    readonly url: string,
    private readonly signal: AbortSignal,
  ) {}

  /** @throws DemoFailed for any answer but 2xx, and for one that is not as the schema has it */
  async get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
    return this.#call(path, {}, schema);
  }

  /** @throws as `get` */
  async send<Schema extends z.ZodType>(
    method: 'POST' | 'PUT',
    path: string,
    body: unknown,
    schema: Schema,
  ): Promise<z.output<Schema>> {
    return this.#call(
      path,
      { method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
      schema,
    );
  }

  /** Of a GET, whatever it says. @throws DemoFailed where nobody answers */
  async statusOf(path: string): Promise<number> {
    const [status] = await this.#answerOf(`GET ${path}`, path, {});
    return status;
  }

  /**
   * Asks until the condition gives something other than undefined.
   * @throws DemoFailed when it does not in time
   */
  async until<T>(
    what: string,
    condition: () => Promise<T | undefined>,
    { timeoutMs = 60_000, everyMs = 100 } = {},
  ): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const value = await condition();
      if (value !== undefined) return value;
      if (performance.now() > deadline) throw new DemoFailed(`waited ${timeoutMs / 1000} s for ${what}`);
      await delay(everyMs, undefined, { signal: this.signal });
    }
  }

  async #call<Schema extends z.ZodType>(path: string, init: RequestInit, schema: Schema): Promise<z.output<Schema>> {
    this.tally.requests++;
    const called = `${init.method ?? 'GET'} ${path}`;
    const [status, text] = await this.#answerOf(called, path, init);
    if (status < 200 || status > 299) {
      this.tally.errors++;
      throw new DemoFailed(`${called} was answered with ${status}: ${text.slice(0, 1000)}`);
    }
    const parsed = schema.safeParse(JSON.parse(text));
    if (!parsed.success) {
      this.tally.errors++;
      throw new DemoFailed(
        `${called} was answered with something else than expected: ${z.prettifyError(parsed.error)}`,
      );
    }
    return parsed.data;
  }

  async #answerOf(called: string, path: string, init: RequestInit): Promise<[number, string]> {
    try {
      const response = await fetch(this.url + path, { ...init, signal: this.signal });
      return [response.status, await response.text()];
    } catch (error) {
      this.tally.errors++;
      if (this.signal.aborted) throw error;
      throw new DemoFailed(`${called} was not answered: ${messageOf(error)}`, { cause: error });
    }
  }
}
