import { ArtifactStoreUnavailable } from '#libs/artifacts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import type { MonitorContext, RegisteredVersion, TrafficFact, WatchedVersion } from '#libs/monitoring/index.js';
import { BaselineAway, EventsBehind } from '../errors.js';
import type { VersionName } from '../deployments/fold.js';
import type { FollowedGovernance } from './governance.js';
import type { References } from './references.js';

export interface ContextsOptions {
  readonly deployment: string;
  readonly governance: FollowedGovernance;
  readonly references: Pick<References, 'of'>;
  readonly signal: AbortSignal;
}

/** What EVENTS say at each message of a deployment, with the references of the versions that its monitor may ask for. */
export class Contexts {
  readonly #watched = new Map<string, WatchedVersion>();
  #context: MonitorContext | undefined;

  constructor(private readonly options: ContextsOptions) {}

  /**
   * EVENTS are waited for, up to the position.
   * @param watched versions that the monitor may ask for beside those that the fact names
   * @throws EventsBehind, BaselineAway, what the signal aborts with.
   */
  async of(fact: TrafficFact, eventsSeq: number, watched: readonly VersionName[]): Promise<MonitorContext> {
    const { deployment, governance, signal } = this.options;
    const lastSeq = await governance.reached(eventsSeq, signal);
    signal.throwIfAborted();
    if (lastSeq < eventsSeq) throw new EventsBehind(deployment, fact.seq, eventsSeq, lastSeq);
    if (this.#context?.eventsSeq !== eventsSeq)
      this.#context = governance.governance.contextOf(deployment, eventsSeq, (version) => this.#loaded(version));
    for (const version of [...versionsOf(fact), ...watched]) await this.#load(version, eventsSeq);
    return this.#context;
  }

  /** References of versions that nothing asks for any more are let go of. */
  keepOnly(watched: readonly VersionName[]): void {
    const names = new Set(watched.map(nameOf));
    for (const key of this.#watched.keys()) if (!names.has(key)) this.#watched.delete(key);
  }

  async #load({ model, version }: VersionName, eventsSeq: number): Promise<void> {
    const { deployment, governance, references } = this.options;
    const registered = governance.governance.versionAt(model, version, eventsSeq);
    if (registered === undefined || this.#watched.has(nameOf(registered))) return;
    try {
      this.#watched.set(nameOf(registered), await references.of(registered));
    } catch (error) {
      if (!(error instanceof ArtifactStoreUnavailable)) throw error;
      throw new BaselineAway(deployment, nameOf(registered), messageOf(error), { cause: error });
    }
  }

  #loaded(version: RegisteredVersion): WatchedVersion {
    const loaded = this.#watched.get(nameOf(version));
    if (loaded === undefined)
      throw new TypeError(`the monitor asks for ${nameOf(version)}, which it watches not and the message names not`);
    return loaded;
  }
}

const nameOf = ({ model, version }: VersionName): string => `${model}@${version}`;

function versionsOf(fact: TrafficFact): readonly VersionName[] {
  switch (fact.kind) {
    case 'chunk':
      return fact.chunk.schema.arms;
    case 'labels':
      return [...new Map(fact.labels.rows.map((row) => [nameOf(row), row])).values()];
    case 'tick':
      return [];
  }
}
