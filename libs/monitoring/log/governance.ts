/**
 * What EVENTS say of how deployments are watched and of versions, at any position: however far it was folded, what is asked
 * for at a position rests on the events up to there alone. A finding names that position, and a replay asks for the same.
 */
import {
  monitoringConfig,
  monitoringOf,
  type GovernanceEvent,
  type MonitoringConfig,
  type MonitoringSettings,
  type Signature,
} from '#libs/contracts/index.js';
import type { MonitorContext, WatchedVersion } from '../contract.js';

/** What a version was registered with. */
export interface RegisteredVersion {
  readonly model: string;
  readonly version: string;
  /** In EVENTS. */
  readonly seq: number;
  readonly signature: Signature;
  readonly baseline: { readonly artifact: string; readonly format: string } | null;
}

export type ReferenceOf = (version: RegisteredVersion) => WatchedVersion;

interface Configured {
  readonly seq: number;
  readonly config: MonitoringConfig;
  /** By deployment: the same object as long as the configuration holds. */
  readonly settings: Map<string, MonitoringSettings>;
}

export class Governance {
  #position = 0;
  /** In the order of the log. */
  readonly #configured: Configured[] = [configured(0, monitoringConfig.parse({}))];
  readonly #versions = new Map<string, RegisteredVersion>();
  /** Deployments that were ever asked for, and whether they take traffic. */
  readonly #deployments = new Map<string, boolean>();

  /** Last sequence that was folded. */
  get position(): number {
    return this.#position;
  }

  /**
   * @param event null for one that says nothing here
   * @throws TypeError for a configuration that this build does not read: the one before it goes on to hold, and the position
   * is behind it.
   */
  fold(seq: number, event: GovernanceEvent | null): void {
    this.#position = seq;
    if (event === null) return;
    switch (event.type) {
      case 'ConfigurationApplied': {
        const parsed = monitoringConfig.safeParse(event.data.content['monitoring']);
        if (!parsed.success) throw new TypeError(unreadable(seq, parsed.error.issues[0]!));
        this.#configured.push(configured(seq, parsed.data));
        return;
      }
      case 'VersionRegistered': {
        const { model, version, signature, baseline = null } = event.data;
        this.#versions.set(`${model}@${version}`, { model, version, seq, signature, baseline });
        return;
      }
      case 'DeploymentRequested':
        this.#deployments.set(event.data.deployment, this.#deployments.get(event.data.deployment) ?? false);
        return;
      case 'DeploymentWentLive':
        this.#deployments.set(event.data.deployment, true);
        return;
      case 'DeploymentRetired':
        this.#deployments.set(event.data.deployment, false);
        return;
      default:
    }
  }

  /** At the position. */
  versions(): readonly RegisteredVersion[] {
    return [...this.#versions.values()];
  }

  /** Names, at the position. */
  deployments(): readonly string[] {
    return [...this.#deployments.keys()];
  }

  /** Whether it takes traffic, at the position. */
  isLive(deployment: string): boolean {
    return this.#deployments.get(deployment) ?? false;
  }

  /** How a deployment is watched, at `eventsSeq`. */
  settingsAt(deployment: string, eventsSeq: number): { readonly seq: number; readonly settings: MonitoringSettings } {
    const { seq, config, settings } = this.#configured.findLast((each) => each.seq <= eventsSeq)!;
    let own = settings.get(deployment);
    if (own === undefined) {
      own = monitoringOf(config, deployment);
      settings.set(deployment, own);
    }
    return { seq, settings: own };
  }

  /** Undefined for a version that was not registered up to `eventsSeq`. */
  versionAt(model: string, version: string, eventsSeq: number): RegisteredVersion | undefined {
    const found = this.#versions.get(`${model}@${version}`);
    return found !== undefined && found.seq <= eventsSeq ? found : undefined;
  }

  /**
   * @param eventsSeq not behind the position
   * @param referenceOf of the versions that the monitor asks for
   */
  contextOf(deployment: string, eventsSeq: number, referenceOf: ReferenceOf): MonitorContext {
    const { seq, settings } = this.settingsAt(deployment, eventsSeq);
    return {
      eventsSeq,
      configurationSeq: seq,
      settings,
      versionOf: (model, version) => {
        const found = this.versionAt(model, version, eventsSeq);
        return found && referenceOf(found);
      },
    };
  }
}

const configured = (seq: number, config: MonitoringConfig): Configured => ({ seq, config, settings: new Map() });

const unreadable = (seq: number, { path, message }: { path: PropertyKey[]; message: string }): string =>
  `the configuration of EVENTS ${seq}: ${['monitoring', ...path].map(String).join('.')}: ${message}`;
