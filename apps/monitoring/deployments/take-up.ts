import { subjects } from '#libs/contracts/index.js';
import { EventLogError, type AggregateStore, type StreamStore } from '#libs/event-log/index.js';
import { messageOf, type Clock } from '#libs/kernel/index.js';
import { deploymentOf, nothingRead, type LogPosition } from '#libs/monitoring/index.js';
import type { Logger } from '#libs/nest/index.js';
import type { Checkpoints, Saved } from '../checkpoints/checkpoints.js';
import { Contexts } from '../governance/contexts.js';
import { DeploymentWorker, type DeploymentWorkerOptions, type KeptState } from './deployment-worker.js';
import type { Fold, Folding } from './fold.js';
import type { FollowedGovernance } from '../governance/governance.js';
import type { Lanes } from './lanes.js';
import type { MonitoringMetrics } from '../metrics/monitoring-metrics.js';
import { HeldFindings } from '../recording/held-findings.js';
import { Publisher } from '../recording/publish.js';
import { RecordedWindows } from '../recording/recorded-windows.js';
import type { References } from '../governance/references.js';
import { TickWriter } from './ticks.js';

export interface TakeUpOptions {
  readonly folding: Folding;
  readonly traffic: StreamStore;
  readonly windows: StreamStore;
  readonly events: StreamStore;
  readonly aggregates: Pick<AggregateStore, 'execute' | 'load' | 'recorded'>;
  readonly checkpoints: Checkpoints;
  readonly lanes: Lanes;
  readonly governance: FollowedGovernance;
  readonly references: References;
  readonly metrics: MonitoringMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** This life of this process. */
  readonly incarnation: string;
}

export type TakenUp =
  | {
      readonly kind: 'worker';
      readonly worker: DeploymentWorker;
      readonly restored: boolean;
      /** In TRAFFIC: what lies between what it has applied and there is of others. */
      readonly afterSeq: number;
    }
  | { readonly kind: 'elsewhere'; readonly by: string }
  /** TRAFFIC holds nothing of it. */
  | { readonly kind: 'silent' };

export interface TakeUpRequest extends Pick<DeploymentWorkerOptions, 'deployment' | 'onEnded'> {
  /** From its beginning, whatever checkpoint there is. */
  readonly anew: boolean;
  /** Ends the worker without a word. */
  readonly signal: AbortSignal;
}

/** Where it goes on, and with what. */
interface Beginning {
  readonly fold: Fold;
  readonly held: HeldFindings;
  readonly position: LogPosition;
  readonly windowsSeq: number;
}

/**
 * Makes this process the one that watches a deployment: from its checkpoint, or else from the deployment's first message.
 * Fails as PostgreSQL and the log do.
 */
export async function takeUp(request: TakeUpRequest, options: TakeUpOptions): Promise<TakenUp> {
  const { deployment, signal, onEnded, anew } = request;
  const { checkpoints, traffic, windows, events, governance, metrics, clock, aggregates, incarnation, lanes } = options;
  const taken = await checkpoints.take(deployment);
  if (taken.kind === 'watched') return { kind: 'elsewhere', by: taken.by };
  const { epoch } = taken;
  const logger = options.logger.child({ deployment, epoch });
  const restored = anew ? null : await restoredFrom(taken.saved, deployment, options, logger);
  const beginning = restored ?? (await fromTheFirst(deployment, options));
  if (beginning === null) return { kind: 'silent' };
  const { fold, held, position, windowsSeq } = beginning;
  const afterSeq = await beforeTheNext(deployment, position.seq, traffic);
  const recorded = await RecordedWindows.behind(windows, deployment, windowsSeq);
  const ticks = await TickWriter.open(traffic, deployment, incarnation);
  // Nothing may fail from here on: a life that nobody ends would stay with the signal.
  const life = new AbortController();
  signal.addEventListener(
    'abort',
    () => {
      life.abort();
    },
    { signal: life.signal },
  );
  if (signal.aborted) life.abort();
  const shared = { deployment, metrics, logger };
  const worker = new DeploymentWorker({
    ...{ ...shared, epoch, fold, position, governance, checkpoints, lanes, clock, life, onEnded },
    publisher: new Publisher({ ...shared, aggregates, events, windows, recorded, held, signal: life.signal }),
    contexts: new Contexts({ deployment, governance, references: options.references, signal: life.signal }),
    ticks,
    isLast: async (seq) => (await nextOf(deployment, seq + 1, traffic)) === Infinity,
  });
  logger.info({ traffic_seq: position.seq, restored: restored !== null }, 'the deployment is watched');
  return { kind: 'worker', worker, restored: restored !== null, afterSeq };
}

/** Null where there is no checkpoint, or none that can be gone on with. */
async function restoredFrom(
  saved: Saved | null,
  deployment: string,
  { folding, traffic, windows }: TakeUpOptions,
  logger: Logger,
): Promise<Beginning | null> {
  if (saved === null) return null;
  const { position, windowsSeq } = saved;
  try {
    await assertOfThisLog(saved, deployment, traffic, windows);
    const { fold, held } = keptIn(saved.state);
    return { fold: folding.restore(fold), held: new HeldFindings(held), position, windowsSeq };
  } catch (error) {
    if (error instanceof EventLogError) throw error;
    logger.warn(
      { reason: messageOf(error) },
      'the checkpoint does not hold; the deployment is read from its beginning',
    );
    return null;
  }
}

/** @throws RangeError for what an earlier release has kept: the digest says that it is what was saved. */
function keptIn(state: unknown): KeptState {
  if (typeof state === 'object' && state !== null && 'fold' in state && 'held' in state) return state as KeptState;
  throw new RangeError('it does not say what is held open');
}

/** A log that was put back to an earlier moment, or another one, does not have what the checkpoint rests on. */
async function assertOfThisLog(
  { position, windowsSeq }: Saved,
  deployment: string,
  traffic: StreamStore,
  windows: StreamStore,
): Promise<void> {
  const message = await traffic.get(position.seq, 'leader');
  const { firstSeq } = await traffic.head();
  // What is too old to be kept any more was there once.
  const isHere =
    message === undefined
      ? position.seq < firstSeq
      : deploymentOf(message.subject) === deployment && message.time <= position.logTime;
  if (!isHere) throw new RangeError(`TRAFFIC ${position.seq} is not the message that it was kept behind`);
  const last = await windows.lastOf(subjects.windows(deployment), 'leader');
  if ((last?.seq ?? 0) < windowsSeq)
    throw new RangeError(`it was kept behind WINDOWS ${windowsSeq}, of which the last is ${last?.seq ?? 'none'}`);
}

/** Null where TRAFFIC holds nothing of the deployment. */
async function fromTheFirst(deployment: string, { traffic, folding }: TakeUpOptions): Promise<Beginning | null> {
  const first = await nextOf(deployment, 1, traffic);
  if (first === Infinity) return null;
  return {
    fold: folding.begin(deployment),
    held: new HeldFindings(),
    position: { ...nothingRead, seq: first - 1 },
    windowsSeq: 0,
  };
}

/** Others' messages need not be read again: of one that was silent for long there may be millions. */
async function beforeTheNext(deployment: string, seq: number, traffic: StreamStore): Promise<number> {
  const { lastSeq } = await traffic.head();
  const next = await nextOf(deployment, seq + 1, traffic);
  return next === Infinity ? Math.max(seq, lastSeq) : next - 1;
}

/** Its first message from a sequence on; Infinity where there is none. */
async function nextOf(deployment: string, fromSeq: number, traffic: StreamStore): Promise<number> {
  const own = [subjects.predictions, subjects.labels, subjects.ticks].map((subjectOf) => subjectOf(deployment));
  const found = await Promise.all(own.map((subject) => traffic.readSubject(subject, fromSeq, 'leader', 1)));
  return Math.min(...found.map(([message]) => message?.seq ?? Infinity));
}
