import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { rejection, type Rejection, type Signature } from '#libs/contracts/index.js';
import { accept, ModelogError, reject, type Result } from '#libs/kernel/index.js';
import { trialReply, type TrialReply, type TrialRequest } from './protocol.js';

type Verdict = Exclude<TrialReply, { status: 'received' }>;

/** How a trial process ended. */
interface Ending {
  readonly verdict: Verdict | undefined;
  /** Whether it had all the bytes: what comes before that is no doing of the model's. */
  readonly received: boolean;
  readonly late: boolean;
  readonly output: string;
}

const keptOutput = 2_000;

/**
 * Gives a trial process its model and waits for what it finds. A process that crashes with the model in its hands, or
 * takes longer than `timeoutMs` over it, refuses the model.
 * @throws the error of `bytes`; ModelogError `trial_failed` when the process fails for a reason of its own.
 */
export async function runTrial(
  child: ChildProcess,
  bytes: Readable,
  { request, timeoutMs }: { readonly request: TrialRequest; readonly timeoutMs: number },
): Promise<Result<Signature, Rejection>> {
  const ending = watch(child, timeoutMs);
  child.send(request);
  const [, ended] = await Promise.all([feed(child, bytes), ending]);
  if (ended.verdict !== undefined) return replied(ended.verdict);
  if (ended.late)
    return reject(rejection('model_cannot_run', `loading and running it took longer than ${timeoutMs / 1000} s`));
  const { signalCode, exitCode } = child;
  // Native code that crashes ends its process by a signal; an exit code tells of a failure of ours.
  if (!ended.received || signalCode === null)
    throw new ModelogError(
      'trial_failed',
      `the trial process ended with ${signalCode ?? exitCode ?? 'nothing'}: ${ended.output}`,
    );
  return reject(
    rejection('model_cannot_load', `loading or running it ended the process that tried it with ${signalCode}`),
  );
}

/** A process that is gone takes no more bytes: its exit tells why. An error of the bytes ends the process. */
async function feed(child: ChildProcess, bytes: Readable): Promise<void> {
  try {
    await pipeline(bytes, child.stdin!);
  } catch (error) {
    child.kill('SIGKILL');
    if (bytes.errored === error) throw error;
  }
}

/** Until the process is gone and all it said has arrived. */
async function watch(child: ChildProcess, timeoutMs: number): Promise<Ending> {
  let verdict: Verdict | undefined;
  let received = false;
  let late = false;
  let output = '';
  let timer: NodeJS.Timeout | undefined;
  child.stderr!.on('data', (text: Buffer) => {
    output = (output + text.toString('utf8')).slice(-keptOutput);
  });
  child.on('message', (message) => {
    const reply = trialReply.parse(message);
    if (reply.status !== 'received') {
      verdict = reply;
      return;
    }
    received = true;
    timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeoutMs);
  });
  try {
    await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  } finally {
    clearTimeout(timer);
  }
  return { verdict, received, late, output };
}

function replied(verdict: Verdict): Result<Signature, Rejection> {
  if (verdict.status === 'runs') return accept(verdict.signature);
  return reject(rejection(verdict.code, verdict.detail, verdict.errors));
}
