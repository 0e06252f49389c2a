/**
 * A short-lived process that reads a model's signature, loads the model and runs it, or rewrites its graph and measures
 * what that does. It stands between the api and
 * native code that reads strangers' files: what crashes, hangs or eats memory here is a refusal there.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import { Worker } from 'node:worker_threads';
import { loadModel } from '#libs/inference/index.js';
import { readSignature } from '#libs/onnx/index.js';
import { optimiseModel } from './optimise-model.js';
import { optimisedBytes, trialRequest, type TrialReply, type TrialRequest } from './protocol.js';
import { unfit, unreadable } from './refusals.js';

offerToOutOfMemoryKiller();
process.once('disconnect', () => process.exit(1));
const [message] = (await once(process, 'message')) as unknown[];
const request = trialRequest.parse(message);
endAfter(request.deadlineMs);
const bytes = await receive(request.size);
await tell({ status: 'received' });
if (request.optimise === undefined) await tell(await tryModel(bytes, request));
else await tellOptimised(bytes, request, request.optimise);
process.exit(0);

async function tryModel(model: Uint8Array, { featureNames, nullable }: TrialRequest): Promise<TrialReply> {
  const read = readSignature(model, { featureNames, nullable });
  if (!read.ok) return unreadable(read.rejection);
  const loaded = await loadModel(model, read.value);
  return loaded.ok ? { status: 'runs', signature: loaded.value.signature } : unfit(loaded.rejection);
}

async function tellOptimised(
  model: Uint8Array,
  { featureNames, nullable }: TrialRequest,
  task: NonNullable<TrialRequest['optimise']>,
): Promise<void> {
  const optimised = await optimiseModel(model, task, { featureNames, nullable });
  if ('status' in optimised) return tell(optimised);
  await tell(optimised.reply);
  const pipe = new Socket({ fd: optimisedBytes, readable: false, writable: true });
  pipe.end(optimised.bytes);
  await finished(pipe);
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
