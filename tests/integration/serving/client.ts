import { Agent, request } from 'node:http';
import { requireDescribed } from './described.js';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** The body as JSON. */
  readonly json: Json;
}

/** A body of the API, as loosely typed as a caller sees it. */
export interface Json {
  readonly prediction_id: string;
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
  readonly version: string;
  readonly output: Output;
  readonly predictions: readonly {
    readonly prediction_id: string;
    readonly version: string;
    readonly output: Output;
  }[];
}

export interface Output {
  readonly label?: unknown;
  readonly probabilities?: Readonly<Record<string, number>>;
  readonly value?: unknown;
}

/**
 * A client over plain sockets, kept alive, with every detail of a request in the caller's hands. A prediction that is
 * refused in a way that the catalogue does not tell of is an error.
 */
export class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(private readonly url: string) {}

  post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return this.send('POST', path, text, { 'content-type': 'application/json', ...headers });
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  async send(
    method: string,
    path: string,
    body?: string | Buffer,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const answer = await new Promise<Answer>((resolve, reject) => {
      const sent = request(new URL(path, this.url), { method, agent: this.#agent, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          const isJson = response.headers['content-type']?.includes('json') === true;
          const json = (isJson ? JSON.parse(text) : {}) as Json;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
    if (answer.status >= 400) requireDescribed(method, path, { status: answer.status, code: answer.json.code });
    return answer;
  }

  close(): void {
    this.#agent.destroy();
  }
}
