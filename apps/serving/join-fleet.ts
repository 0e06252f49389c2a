import { setTimeout as delay } from 'node:timers/promises';
import { controlSubjects, subjects } from '#libs/contracts/index.js';
import { JetStreamStore } from '#libs/event-log/index.js';
import { isoTime } from '#libs/kernel/index.js';
import { ServingFleet, ServingMembers, type NatsConnection } from '#libs/nest/index.js';
import { confirm } from './control/confirm.js';
import { health, type ProcessHealth } from './control/health.js';
import { load } from './control/load.js';
import { metrics as packedMetrics } from './control/metrics.js';
import { prepare } from './control/prepare.js';
import { report } from './control/report.js';
import { respondToControl } from './control/responder.js';
import { joinMembers } from './membership.js';
import { recordedMessages } from './models/recorded-messages.js';
import type { Life, PredictionPath } from './prediction-path.js';
import { keepLease } from './routing/lease-keeper.js';
import type { ServingOptions } from './serving-options.js';

/** This process as one of those that serve. */
export interface FleetPlace {
  readonly fleet: ServingFleet;
  /** What this process serves. */
  readonly health: () => ProcessHealth;
  /** Routes no more, and is no longer listed. */
  leave(): Promise<void>;
}

type FleetOptions = Pick<ServingOptions, 'connection' | 'streams' | 'replicas' | 'clock' | 'logger'>;

/** Answers who controls the processes, registers this one among them, and keeps its routing lease. */
export async function joinFleet(options: FleetOptions, life: Life, path: PredictionPath): Promise<FleetPlace> {
  const { connection, clock, logger, replicas } = options;
  const { instance, epoch } = life;
  const members = new ServingMembers({ connection, replicas });
  const ownHealth = health({
    instance,
    table: () => path.follower.table,
    stateOf: (id) => path.pool.stateOf(id),
    unrecorded: (deployment) => path.recording.lastErrorOf(subjects.predictions(deployment)),
  });
  const stopAnswering = answerControl(options, life, path, ownHealth);
  const membership = await joinMembers({
    members,
    member: { instance, epoch, pid: process.pid, started_at: isoTime(clock.now()) },
    clock,
    logger,
  });
  const stopLease = keepLease({
    lease: path.lease,
    head: () => path.events.head(),
    listedUntil: () => membership.listedUntil,
    clock,
    onTurn: (now) => {
      path.admission.turned(now);
    },
  });
  return {
    fleet: new ServingFleet({ connection, members }),
    health: ownHealth,
    async leave() {
      stopLease();
      await membership.leave();
      stopAnswering();
    },
  };
}

function answerControl(
  { connection, streams, clock, logger }: FleetOptions,
  { instance, journal }: Life,
  { follower, pool, admission, metrics }: PredictionPath,
  ownHealth: () => ProcessHealth,
): () => void {
  const controlled = { instance, follower, pool };
  return respondToControl({
    ...{ connection, instance, logger, subjects: controlSubjects },
    handlers: {
      prepare: prepare({
        ...controlled,
        clock,
        recorded: recordedIn(connection, streams.traffic),
        observe: journal && ((rollout) => journal.observe(rollout)),
        pause: (milliseconds) => delay(milliseconds, undefined, { ref: false }),
        isStopping: () => admission.draining,
      }),
      confirm: confirm(controlled),
      report: report(controlled),
      metrics: packedMetrics(metrics),
      health: ownHealth,
      load: load({ instance, admission, clock, counts: () => pool.counts(), loads: () => pool.loads }),
    },
  });
}

/** Messages of a deployment's predictions, newest first. */
function recordedIn(connection: NatsConnection, stream: string) {
  const traffic = new JetStreamStore({ connection, stream });
  return (deployment: string) => recordedMessages(traffic, subjects.predictions(deployment));
}
