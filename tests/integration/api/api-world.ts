import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { start as startApi, type RunningApi } from '#apps/api/main.js';
import { start as startProjector } from '#apps/projector/main.js';
import { rootFolder } from '#apps/platform/root-folder.js';
import { JetStreamStore } from '#libs/event-log/index.js';
import { connectNats, createLogger, ServingMembers, type NatsConnection } from '#libs/nest/index.js';
import { startNats, type NatsHandle } from '#tests/support/nats.js';
import { createDatabase } from '#tests/support/postgres.js';
import { until } from '#tests/support/wait.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body, where it is JSON. */
  readonly body: Record<string, unknown>;
}

/** The api on real servers, with the projector beside it, and a connection of the test's own. */
export interface ApiWorld {
  readonly url: string;
  readonly nats: NatsHandle;
  readonly connection: NatsConnection;
  readonly env: Record<string, string>;
  readonly events: JetStreamStore;
  readonly traffic: JetStreamStore;
  readonly windows: JetStreamStore;
  readonly members: ServingMembers;
  request(method: string, path: string, init?: RequestInit): Promise<Answer>;
  get(path: string): Promise<Answer>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  put(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  upload(bytes: Uint8Array): Promise<string>;
  /** Last sequence of EVENTS. */
  head(): Promise<number>;
  restartApi(): Promise<void>;
  stop(): Promise<void>;
}

/** The trial process runs outside Jest: as compiled by the build that comes before the tests. */
const trialProgram = join(rootFolder, 'dist/apps/api/trial/trial-process.js');

export interface ApiWorldOptions {
  readonly env?: Record<string, string>;
  /** Bearer token of every request that brings none. */
  readonly token?: string;
}

export async function startApiWorld({ env: more = {}, token }: ApiWorldOptions = {}): Promise<ApiWorld> {
  if (!existsSync(trialProgram)) throw new Error(`${trialProgram} is missing: build first`);
  const [nats, database] = await Promise.all([startNats(), createDatabase('api')]);
  const env = {
    NATS_URL: nats.url,
    DATABASE_URL: database.url,
    MODELOG_API_URL: 'http://127.0.0.1:0',
    MODELOG_CONFIG_DIR: join(rootFolder, 'config'),
    LOG_LEVEL: 'silent',
    ...more,
  };
  const projector = await startProjector({ env });
  let api: RunningApi = await startApi({ env, trialProgram });
  const logger = createLogger({ component: 'test', instance: 'test', level: 'silent' });
  const connection = await connectNats({ url: nats.url, name: 'test', logger });
  const events = new JetStreamStore({ connection, stream: 'EVENTS' });

  const request = async (method: string, path: string, init: RequestInit = {}): Promise<Answer> => {
    const headers = new Headers(init.headers);
    if (token !== undefined && !headers.has('authorization')) headers.set('authorization', `Bearer ${token}`);
    const response = await fetch(api.url + path, { ...init, method, headers });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
    const body = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status: response.status, headers: response.headers, text, body };
  };
  return {
    get url() {
      return api.url;
    },
    ...{ nats, connection, env, events, request },
    traffic: new JetStreamStore({ connection, stream: 'TRAFFIC' }),
    windows: new JetStreamStore({ connection, stream: 'WINDOWS' }),
    members: new ServingMembers({ connection, replicas: 1 }),
    get: (path) => request('GET', path),
    post: (path, body, headers = {}) => request('POST', path, json(body, headers)),
    put: (path, body, headers = {}) => request('PUT', path, json(body, headers)),
    async upload(bytes) {
      const answer = await request('POST', '/api/artifacts', {
        body: new Uint8Array(bytes),
        headers: { 'content-type': 'application/octet-stream' },
      });
      if (answer.status !== 201) throw new Error(`upload: ${answer.status} ${answer.text}`);
      return String(answer.body.digest);
    },
    head: async () => (await events.head()).lastSeq,
    async restartApi() {
      await api.stop();
      api = await startApi({ env, trialProgram });
    },
    async stop() {
      await api.stop();
      await projector.stop();
      await connection.close();
      await nats.stop();
      await database.drop();
    },
  };
}

const json = (body: unknown, headers: Record<string, string>): RequestInit => ({
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
});

export const fixture = (name: string): Uint8Array => readFileSync(join(rootFolder, 'tests/fixtures/models', name));

export const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Reads one answer until a condition holds. */
export const eventually = (
  what: string,
  read: () => Promise<Answer>,
  holds: (answer: Answer) => boolean,
): Promise<Answer> =>
  until(
    async () => {
      const answer = await read();
      return holds(answer) ? answer : undefined;
    },
    { what },
  );
