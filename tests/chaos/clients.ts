import { Agent, request } from 'node:http';
import { countFailure, type Answer, type Ledger } from './ledger.js';

export interface ClientsOptions {
  readonly url: string;
  readonly deployment: string;
  /** Rotated through. */
  readonly inputs: readonly Readonly<Record<string, unknown>>[];
  readonly connections: number;
  readonly ledger: Ledger;
  /** Milliseconds that a connection rests after an answer (default 0). */
  readonly restMs?: number;
}

export interface Clients {
  /** Finishes the requests under way. */
  stop(): Promise<void>;
}

/** Closed-loop clients that keep predicting whatever happens, each request with an id of its own. */
export function startClients(options: ClientsOptions): Clients {
  const agent = new Agent({ keepAlive: true, maxSockets: options.connections });
  let running = true;
  let sent = 0;
  const loop = async (): Promise<void> => {
    while (running) {
      const number = sent++;
      const requestId = `request-${number}`;
      const body = JSON.stringify({
        deployment: options.deployment,
        input: options.inputs[number % options.inputs.length],
        request_id: requestId,
      });
      const outcome = await post(agent, `${options.url}/api/predict`, body);
      if ('failure' in outcome) {
        countFailure(options.ledger, outcome.failure);
        // A server that is away refuses at once: leave it the processor to come back with.
        await new Promise<void>((resolve) => void setTimeout(resolve, 25));
      } else {
        options.ledger.answers.push(answerOf(requestId, outcome.body));
        if (options.restMs !== undefined)
          await new Promise<void>((resolve) => void setTimeout(resolve, options.restMs));
      }
    }
  };
  const loops = Array.from({ length: options.connections }, loop);
  return {
    async stop() {
      running = false;
      await Promise.all(loops);
      agent.destroy();
    },
  };
}

function answerOf(requestId: string, body: string): Answer {
  const answer = JSON.parse(body) as { prediction_id: string; version: string; output: unknown };
  return { predictionId: answer.prediction_id, requestId, version: answer.version, output: answer.output };
}

/** A request counts as answered when its whole 200 response has arrived. */
function post(agent: Agent, url: string, body: string): Promise<{ body: string } | { failure: string }> {
  return new Promise((resolve) => {
    const call = request(url, {
      agent,
      method: 'POST',
      timeout: 15_000,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    const fail = (error: Error & { code?: string }): void => {
      resolve({ failure: error.code ?? error.message });
    };
    call.on('timeout', () => call.destroy(new Error('no answer within 15 s')));
    call.on('error', fail);
    call.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', fail);
      response.on('end', () => {
        resolve(response.statusCode === 200 ? { body: text } : { failure: `${response.statusCode} ${codeOf(text)}` });
      });
    });
    call.end(body);
  });
}

function codeOf(text: string): string {
  try {
    return String((JSON.parse(text) as { code?: unknown }).code);
  } catch {
    return 'without a problem body';
  }
}
