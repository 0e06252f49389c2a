import { setTimeout as delay } from 'node:timers/promises';
import { deploymentDefinition, findVersion, isCompatible, modelDefinition } from '#libs/domain/index.js';
import { championAlias, configurationFiles } from '#libs/contracts/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { messageOf, type Clock, type IdSource } from '#libs/kernel/index.js';
import { commandMeta, type Logger } from '#libs/nest/index.js';
import { newestOf, type Champion, type Rollout, type RoutingTable } from '../routing/routing-table.js';

export interface ChampionFollowerOptions {
  readonly aggregates: Pick<AggregateStore, 'execute' | 'load'>;
  /** The routing table now. */
  readonly table: () => RoutingTable;
  readonly actor: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
}

/** A deployment whose newest rollout has not answered the champion's newest move. */
interface Untold {
  readonly live: Rollout | null;
  readonly newest: Rollout;
  readonly champion: Champion;
}

/** The rollout that was newest, and the move that the deployment had answered. */
interface Told {
  readonly rolloutId: string;
  readonly seq: number;
}

/** Where the log holds no configuration yet. */
const defaultLoadTimeoutS = configurationFiles.parse({ pipeline: {} }).pipeline.deployment.load_timeout_s;
/** Waits after something that may be another way in a moment: the live version changed, the log did not answer. */
const retryMs = { first: 50, most: 1_000 };

/**
 * Tells each deployment that keeps to a champion when that has moved. What is to be told is read from the routing table
 * alone, and the command's id derives from the champion's event, the deployment and its newest rollout: told twice, it
 * is one event; a rollout that was decided on an older champion and came later is told again.
 */
export class ChampionFollower {
  readonly #telling = new Map<string, Promise<void>>();

  constructor(private readonly options: ChampionFollowerOptions) {}

  /** Begins to tell whoever does not know yet. */
  look(signal: AbortSignal): void {
    for (const { deployment } of this.options.table().deployments.values()) {
      if (this.#telling.has(deployment) || this.#untold(deployment) === undefined) continue;
      const telling = this.#tell(deployment, signal).finally(() => this.#telling.delete(deployment));
      this.#telling.set(deployment, telling);
    }
  }

  /** Resolves when nobody is being told. */
  async idle(): Promise<void> {
    await Promise.all(this.#telling.values());
  }

  #untold(deployment: string): Untold | undefined {
    const { deployments, champions } = this.options.table();
    const routes = deployments.get(deployment);
    const newest = routes && newestOf(routes);
    if (!newest || newest.championSeq === null) return undefined;
    const champion = champions.get(newest.model);
    return champion && champion.seq > newest.championSeq ? { live: routes.live, newest, champion } : undefined;
  }

  /** Never rejects; ends when the deployment has answered, or the signal aborts. */
  async #tell(deployment: string, signal: AbortSignal): Promise<void> {
    let told: Told = { rolloutId: '', seq: 0 };
    for (let pauseFor = retryMs.first; !signal.aborted; pauseFor = Math.min(2 * pauseFor, retryMs.most)) {
      const untold = this.#untold(deployment);
      if (untold === undefined) return;
      try {
        // Its answer is in the log and will be in the table in a moment.
        if (untold.newest.rolloutId !== told.rolloutId || untold.champion.seq > told.seq)
          told = { rolloutId: untold.newest.rolloutId, seq: await this.#follow(deployment, untold) };
      } catch (error) {
        this.options.logger.warn({ deployment, reason: messageOf(error) }, 'the champion cannot be followed yet');
      }
      await delay(pauseFor, undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns the move of the champion that the deployment has answered; 0 where it has to be asked again. */
  async #follow(deployment: string, { live, newest: { model, rolloutId }, champion }: Untold): Promise<number> {
    const { aggregates, table, actor, clock, ids, logger } = this.options;
    const { state, seq } = await aggregates.load(modelDefinition, model, { consistency: 'leader' });
    const version = findVersion(state, championAlias);
    if (version === undefined) return 0;
    const configuration = table().configuration;
    const meta = commandMeta({
      ...{ actor, call: 'follow champion', target: deployment, idempotencyKey: `${state.champion_seq} ${rolloutId}` },
      body: { champion_seq: state.champion_seq, rollout_id: rolloutId },
      ...{ at: clock.now(), ids, configSeq: configuration?.seq },
      // The model may have moved on since the table: then its own event follows.
      ...(state.champion_seq === champion.seq
        ? { correlationId: champion.correlationId, causationId: champion.eventId }
        : {}),
    });
    const answer = await aggregates.execute(
      deploymentDefinition,
      deployment,
      {
        type: 'Follow',
        commandId: meta.commandId,
        deployment,
        champion: { model, modelSeq: seq, seq: state.champion_seq, state: version },
        compared: live && {
          rolloutId: live.rolloutId,
          compatible: isCompatible(version.signature, live.signature),
        },
        loadTimeoutS: configuration?.loadTimeoutS ?? defaultLoadTimeoutS,
      },
      meta,
    );
    const about = { deployment, champion: `${model}@${version.version}` };
    if (answer.ok) {
      logger.info({ ...about, outcome: answer.value.event.type, seq: answer.value.seq }, 'the champion has moved');
      return state.champion_seq;
    }
    if (answer.rejection.code === 'no_change') return state.champion_seq;
    logger.info({ ...about, code: answer.rejection.code }, 'the champion cannot be followed yet');
    return 0;
  }
}
