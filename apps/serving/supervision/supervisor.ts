import { setTimeout as delay } from 'node:timers/promises';
import type { GovernanceEvent } from '#libs/contracts/index.js';
import { deploymentDefinition, findVersion, modelDefinition, type DeploymentCommand } from '#libs/domain/index.js';
import type { AggregateStore, EventReader } from '#libs/event-log/index.js';
import { assertNever, messageOf, ModelogError, type Clock, type IdSource } from '#libs/kernel/index.js';
import { commandMeta, type Logger } from '#libs/nest/index.js';
import { emptyRoutingTable, foldRouting, type Rollout, type RoutingTable } from '../routing/routing-table.js';
import { ChampionFollower } from './champion-follower.js';
import { prepareRollout, type PrepareRolloutOptions } from './prepare-rollout.js';
import type { RolloutOutcome } from './rollout-outcome.js';

export interface ServingSupervisorOptions extends Pick<PrepareRolloutOptions, 'listMembers' | 'prepare'> {
  readonly events: Pick<EventReader<GovernanceEvent>, 'follow' | 'head'>;
  readonly aggregates: Pick<AggregateStore, 'execute' | 'load'>;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
}

const actor = 'system:serving-supervisor';
const retryMs = 1_000;

/**
 * Sees every requested rollout through its preparation: has the serving processes load it and appends the one event that
 * moves traffic, says that it may be moved (blue-green) or why it stays. Asks for the rollouts of deployments whose
 * champion has moved. Holds nothing but what the log says: a restart takes up where the log is, and two supervisors at
 * once decide under the same command id, so that the second finds the first one's event.
 */
export class ServingSupervisor {
  readonly #stopping = new AbortController();
  readonly #preparing = new Map<string, { readonly abort: AbortController; readonly done: Promise<void> }>();
  #table: RoutingTable = emptyRoutingTable;
  #following: Promise<void> = Promise.resolve();
  readonly #champions: ChampionFollower;

  constructor(private readonly options: ServingSupervisorOptions) {
    this.#champions = new ChampionFollower({ ...options, actor, table: () => this.#table });
  }

  start(): void {
    this.#following = this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const { abort } of this.#preparing.values()) abort.abort();
    await Promise.all([
      this.#following,
      this.#champions.idle(),
      ...[...this.#preparing.values()].map(({ done }) => done),
    ]);
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    const { events } = this.options;
    let pastSeq: number | undefined;
    while (!signal.aborted) {
      try {
        pastSeq ??= (await events.head()).lastSeq;
        for await (const records of events.follow({ fromSeq: this.#table.sequence + 1, signal })) {
          this.#table = foldRouting(this.#table, records);
          // Rollouts of the past were settled long ago, further on in the log.
          if (this.#table.sequence >= pastSeq) {
            this.#prepareRequested();
            this.#champions.look(signal);
          }
        }
      } catch (error) {
        this.options.logger.error({ err: error }, 'the governance log cannot be followed');
      }
      await pause(retryMs, signal);
    }
  }

  #prepareRequested(): void {
    const requested = new Map<string, Rollout>();
    for (const { pending } of this.#table.deployments.values())
      if (pending !== null && !pending.prepared) requested.set(pending.rolloutId, pending);
    for (const [rolloutId, { abort }] of this.#preparing) if (!requested.has(rolloutId)) abort.abort();
    for (const rollout of requested.values()) if (!this.#preparing.has(rollout.rolloutId)) this.#begin(rollout);
  }

  #begin(rollout: Rollout): void {
    const abort = new AbortController();
    const done = this.#see(rollout, abort.signal).finally(() => {
      this.#preparing.delete(rollout.rolloutId);
    });
    this.#preparing.set(rollout.rolloutId, { abort, done });
  }

  /** Never rejects; ends when the rollout is settled or the signal aborts. */
  async #see(rollout: Rollout, signal: AbortSignal): Promise<void> {
    const { logger } = this.options;
    while (!signal.aborted) {
      try {
        const outcome = await prepareRollout(rollout, { ...this.options, pause }, signal);
        if (outcome === undefined) return;
        await this.#settle(rollout, await this.#unlessArchived(rollout, outcome));
        return;
      } catch (error) {
        logger.warn(
          { reason: messageOf(error), rollout_id: rollout.rolloutId },
          'the rollout could not be settled yet',
        );
        await pause(retryMs, signal);
      }
    }
  }

  /**
   * The deploy command may have been decided on what a model was before its version was archived. Archiving looks at
   * the deployments and is appended with nothing in between; so whatever it did not see is seen here.
   */
  async #unlessArchived(rollout: Rollout, outcome: RolloutOutcome): Promise<RolloutOutcome> {
    if (outcome.type === 'failed') return outcome;
    const { state } = await this.options.aggregates.load(modelDefinition, rollout.model, { consistency: 'leader' });
    return findVersion(state, rollout.version)?.archived === true
      ? { type: 'failed', code: 'version_archived', reason: `${rollout.model}@${rollout.version} is archived` }
      : outcome;
  }

  async #settle(rollout: Rollout, outcome: RolloutOutcome): Promise<void> {
    const { aggregates, clock, ids, logger } = this.options;
    const { deployment, rolloutId, requestId, correlationId } = rollout;
    const meta = commandMeta({
      actor,
      call: 'settle rollout',
      target: deployment,
      idempotencyKey: requestId,
      // What a second supervisor would settle too: its findings may differ, the first one's stand.
      body: { rollout_id: rolloutId },
      at: clock.now(),
      ids,
      correlationId,
      causationId: requestId,
    });
    const settled = await aggregates.execute(deploymentDefinition, deployment, commandOf(rollout, outcome), meta);
    const about = { deployment, rollout_id: rolloutId, version: `${rollout.model}@${rollout.version}` };
    if (settled.ok)
      logger.info({ ...about, outcome: settled.value.event.type, seq: settled.value.seq }, 'rollout settled');
    else if (settled.rejection.code === 'version_cut_off')
      // Since the processes were asked: they say so when they are asked again.
      throw new ModelogError(settled.rejection.code, settled.rejection.detail);
    else logger.info({ ...about, code: settled.rejection.code }, 'rollout was settled by somebody else');
  }
}

function commandOf({ deployment, rolloutId, strategy }: Rollout, outcome: RolloutOutcome): DeploymentCommand {
  switch (outcome.type) {
    case 'loaded': {
      const type = strategy.type === 'blue_green' ? 'MarkPrepared' : 'MarkLive';
      return { type, deployment, rollout_id: rolloutId, instances: outcome.instances };
    }
    case 'failed':
      return { type: 'MarkFailed', deployment, rollout_id: rolloutId, code: outcome.code, reason: outcome.reason };
    default:
      return assertNever(outcome, 'rollout outcome');
  }
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  delay(milliseconds, undefined, { signal }).catch(() => undefined);
