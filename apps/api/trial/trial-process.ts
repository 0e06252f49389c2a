/**
 * A short-lived process that reads a model's signature, loads the model and runs it. It stands between the api and
 * native code that reads strangers' files: what crashes, hangs or eats memory here is a refusal there.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { loadModel, type LoadRejection } from '#libs/inference/index.js';
import { readSignature, type OnnxRejection } from '#libs/onnx/index.js';
import { trialRequest, type TrialReply, type TrialRequest } from './protocol.js';

offerToOutOfMemoryKiller();
process.once('disconnect', () => process.exit(1));
const [message] = (await once(process, 'message')) as unknown[];
const request = trialRequest.parse(message);
endAfter(request.deadlineMs);
const bytes = await receive(request.size);
await tell({ status: 'received' });
await tell(await tryModel(bytes, request));
process.exit(0);

async function tryModel(model: Uint8Array, { featureNames, nullable }: TrialRequest): Promise<TrialReply> {
  const read = readSignature(model, { featureNames, nullable });
  if (!read.ok) return unreadable(read.rejection);
  const loaded = await loadModel(model, read.value);
  return loaded.ok ? { status: 'runs', signature: loaded.value.signature } : unfit(loaded.rejection);
}

// Declared as functions: what runs above them is the module's own body.
function unreadable({ code, detail, errors }: OnnxRejection): TrialReply {
  return { status: 'refused', code, detail, ...(errors === undefined ? {} : { errors: [...errors] }) };
}

function unfit({ code, message: detail }: LoadRejection): TrialReply {
  return { status: 'refused', code: `model_${code}`, detail };
}

/** Standard input, in one buffer that is as large as announced from the start. */
async function receive(size: number): Promise<Uint8Array> {
  const all = new Uint8Array(size);
  let filled = 0;
  for await (const piece of process.stdin as AsyncIterable<Buffer>) {
    all.set(piece, filled);
    filled += piece.length;
  }
  if (filled !== size) throw new Error(`${size} bytes were announced, ${filled} came`);
  return all;
}

/** Resolves when the message is out: the process may exit then. */
function tell(reply: TrialReply): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send!(reply, (error: Error | null) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/** From a thread of its own: a run of the model occupies this one, and the api that would end it may be gone. */
function endAfter(milliseconds: number): void {
  const program = "setTimeout(() => process.kill(process.pid, 'SIGKILL'), require('node:worker_threads').workerData)";
  new Worker(program, { eval: true, workerData: milliseconds }).unref();
}

/** On Linux: should memory run out, this process is the one to end. Elsewhere there is no such file. */
function offerToOutOfMemoryKiller(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {
    // Without it the system chooses by size, which is this process most of the time.
  }
}
