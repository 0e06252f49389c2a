import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { rejection, type Rejection } from '#libs/contracts/index.js';
import { accept, ModelogError, reject, type Result } from '#libs/kernel/index.js';
import { trialReply, type TrialReply, type TrialRequest } from './protocol.js';

type Verdict = Exclude<TrialReply, { status: 'received' }>;

/** What a trial finds of a model that can be used. */
export type Finding = Exclude<Verdict, { status: 'refused' }>;

export interface TrialOptions {
  readonly request: TrialRequest;
  readonly timeoutMs: number;
  /** Takes what the process has to give beside its finding while it is there, or refuses it; the trial waits. */
  readonly take?: (finding: Finding) => Promise<Rejection | null>;
}

/** How a trial process ended. */
interface Ending {
  readonly verdict: Verdict | undefined;
  /** Whether it had all the bytes: what comes before that is no doing of the model's. */
  readonly received: boolean;
  readonly late: boolean;
  readonly output: string;
  /** Why the finding is refused all the same. */
  readonly taken: Promise<Rejection | null>;
}

const keptOutput = 2_000;

/**
 * Gives a trial process its model and waits for what it finds. A process that crashes with the model in its hands, or
 * takes longer than `timeoutMs` over it, refuses the model.
 * @throws the error of `bytes` or of `take`; ModelogError `trial_failed` when the process fails for a reason of its own.
 */
export async function runTrial(
  child: ChildProcess,
  bytes: Readable,
  { request, timeoutMs, take }: TrialOptions,
): Promise<Result<Finding, Rejection>> {
  const ending = watch(child, timeoutMs, take);
  child.send(request);
  const [, ended] = await Promise.all([feed(child, bytes), ending]);
  const refused = await ended.taken;
  if (refused !== null) return reject(refused);
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
async function watch(child: ChildProcess, timeoutMs: number, take: TrialOptions['take']): Promise<Ending> {
  let taken: Ending['taken'] = Promise.resolve(null);
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
      clearTimeout(timer);
      if (reply.status !== 'refused' && take !== undefined) taken = orEnd(child, take(reply));
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
  return { verdict, received, late, output, taken };
}

/** What nobody takes would keep the process waiting. A failure is seen by whoever awaits `taking`. */
function orEnd(child: ChildProcess, taking: Ending['taken']): Ending['taken'] {
  taking.then(
    (refused) => refused === null || child.kill('SIGKILL'),
    () => child.kill('SIGKILL'),
  );
  return taking;
}

function replied(verdict: Verdict): Result<Finding, Rejection> {
  if (verdict.status !== 'refused') return accept(verdict);
  return reject(rejection(verdict.code, verdict.detail, verdict.errors));
}
