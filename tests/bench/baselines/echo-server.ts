/**
 * The floor that predictions are compared with: bare `node:http` that parses the body of a prediction and serialises
 * the same kind of answer, and does nothing in between. Answers POST /api/predict and POST /api/predict/batch.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { predictionIds } from './prediction-id.js';
import { serveUntilOrphaned } from './serve.js';

interface Row {
  readonly [feature: string]: number;
}
interface PredictBody {
  readonly deployment: string;
  readonly input: Row;
}
interface BatchBody {
  readonly deployment: string;
  readonly inputs: readonly Row[];
}

const nextId = predictionIds();

const server = createServer((request, response) => {
  readBody(request, (text) => {
    send(response, request.url === '/api/predict/batch' ? answerBatch(text) : answerOne(text));
  });
});
serveUntilOrphaned(server);

function answerOne(text: string): unknown {
  const body = JSON.parse(text) as PredictBody;
  return {
    prediction_id: nextId(),
    deployment: body.deployment,
    model: 'forest',
    version: '1.0.0',
    output: outputOf(body.input),
  };
}

function answerBatch(text: string): unknown {
  const body = JSON.parse(text) as BatchBody;
  return {
    predictions: body.inputs.map((row) => ({ prediction_id: nextId(), version: '1.0.0', output: outputOf(row) })),
  };
}

/** Depends on the row, so that no answer can be serialised once and kept. */
function outputOf(row: Row): { label: number; probabilities: Record<string, number> } {
  const p = row['f00'] ?? 0;
  return { label: p > 0.5 ? 1 : 0, probabilities: { '0': 1 - p, '1': p } };
}

function readBody(request: IncomingMessage, done: (text: string) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    done((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString('utf8'));
  });
}

function send(response: ServerResponse, answer: unknown): void {
  const body = JSON.stringify(answer);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
