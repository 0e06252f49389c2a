import { subjects } from '#libs/contracts/index.js';
import type { AggregateStore, StreamStore } from '#libs/event-log/index.js';
import { messageOf, type Clock } from '#libs/kernel/index.js';
import { nothingRead, type LogPosition } from '#libs/monitoring/index.js';
import type { Logger } from '#libs/nest/index.js';
import type { Checkpoints, Saved } from './checkpoints.js';
import { DeploymentWorker, type DeploymentWorkerOptions } from './deployment-worker.js';
import type { Fold, Folding } from './fold.js';
import type { FollowedGovernance } from './governance.js';
import type { MonitoringMetrics } from './monitoring-metrics.js';
import { Publisher } from './publish.js';
import { RecordedWindows } from './recorded-windows.js';
import type { References } from './references.js';
import { TickWriter } from './ticks.js';

export interface TakeUpOptions {
  readonly folding: Folding;
  readonly traffic: StreamStore;
  readonly windows: StreamStore;
  readonly aggregates: Pick<AggregateStore, 'execute' | 'load' | 'recorded'>;
  readonly checkpoints: Checkpoints;
  readonly governance: FollowedGovernance;
  readonly references: References;
  readonly metrics: MonitoringMetrics;
  readonly clock: Clock;
  readonly logger: Logger;
  /** This life of this process. */
  readonly incarnation: string;
}

export type TakenUp =
  | { readonly kind: 'worker'; readonly worker: DeploymentWorker; readonly restored: boolean }
  | { readonly kind: 'elsewhere'; readonly by: string }
  /** TRAFFIC holds nothing of it. */
  | { readonly kind: 'silent' };

export interface TakeUpRequest extends Pick<DeploymentWorkerOptions, 'deployment' | 'signal' | 'onEnded'> {
  /** From its beginning, whatever checkpoint there is. */
  readonly anew: boolean;
}

/** Where it goes on, and with what. */
interface Beginning {
  readonly fold: Fold;
  readonly position: LogPosition;
  readonly windowsSeq: number;
}

/**
 * Makes this process the one that watches a deployment: from its checkpoint, or else from the deployment's first message.
 * Fails as PostgreSQL and the log do.
 */
export async function takeUp(request: TakeUpRequest, options: TakeUpOptions): Promise<TakenUp> {
  const { deployment, signal, onEnded, anew } = request;
  const { checkpoints, traffic, windows, governance, references, metrics, clock, aggregates, incarnation } = options;
  const taken = await checkpoints.take(deployment);
  if (taken.kind === 'watched') return { kind: 'elsewhere', by: taken.by };
  const { epoch } = taken;
  const logger = options.logger.child({ deployment, epoch });
  const restored = anew ? null : restoredFrom(taken.saved, options.folding, logger);
  const beginning = restored ?? (await fromTheFirst(deployment, options));
  if (beginning === null) return { kind: 'silent' };
  const { fold, position, windowsSeq } = beginning;
  const recorded = await RecordedWindows.behind(windows, deployment, windowsSeq);
  const publisher = new Publisher({ deployment, aggregates, windows, recorded, metrics, logger, signal });
  const ticks = await TickWriter.open(traffic, deployment, incarnation);
  const shared = { governance, references, checkpoints, metrics, clock, logger };
  const worker = new DeploymentWorker({
    ...shared,
    deployment,
    epoch,
    fold,
    position,
    publisher,
    ticks,
    signal,
    onEnded,
  });
  logger.info({ traffic_seq: position.seq, restored: restored !== null }, 'the deployment is watched');
  return { kind: 'worker', worker, restored: restored !== null };
}

function restoredFrom(saved: Saved | null, folding: Folding, logger: Logger): Beginning | null {
  if (saved === null) return null;
  try {
    return { fold: folding.restore(saved.state), position: saved.position, windowsSeq: saved.windowsSeq };
  } catch (error) {
    logger.warn(
      { reason: messageOf(error) },
      'the checkpoint does not hold; the deployment is read from its beginning',
    );
    return null;
  }
}

/** Null where TRAFFIC holds nothing of the deployment. */
async function fromTheFirst(deployment: string, { traffic, folding }: TakeUpOptions): Promise<Beginning | null> {
  const own = [subjects.predictions, subjects.labels, subjects.ticks].map((subjectOf) => subjectOf(deployment));
  const firsts = await Promise.all(own.map((subject) => traffic.readSubject(subject, 1, 'leader', 1)));
  const first = Math.min(...firsts.map(([message]) => message?.seq ?? Infinity));
  if (first === Infinity) return null;
  return { fold: folding.begin(deployment), position: { ...nothingRead, seq: first - 1 }, windowsSeq: 0 };
}
