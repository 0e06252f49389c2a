import type {
  api,
  DeploymentPrepared,
  DeploymentWentLive,
  Environment,
  EventOf,
  Recording,
  WarmupRequests,
} from '#libs/contracts/index.js';
import type { VersionState } from '../registered-model/state.js';

/** What the deploy command saw of the model, and where in the log: a rule across aggregates records it. */
export interface SeenModel {
  readonly name: string;
  /** EVENTS sequence of the model's last event; 0 where it has none. */
  readonly seq: number;
  /** `1.2.0` or an alias. */
  readonly selector: string;
  /** The event that made the version champion, where the deployment shall follow it. */
  readonly championSeq?: number;
  /** Absent where the model or the version does not exist. */
  readonly state?: VersionState;
}

export interface DeployCommand {
  readonly type: 'Deploy';
  /** The command's own id: the rollout's id derives from it, so that a repeat meets the same rollout. */
  readonly commandId: string;
  readonly deployment: string;
  readonly model: SeenModel;
  /** Left out: what the deployment has, or the default. */
  readonly environment?: Environment;
  readonly recording?: Recording;
  /** Left out: direct. */
  readonly strategy?: api.RequestedStrategy;
  /** From the configuration that was in force. */
  readonly defaults: {
    readonly environment: Environment;
    readonly recording: Recording;
    readonly loadTimeoutS: number;
    readonly blueGreen: { readonly warmupRequests: WarmupRequests; readonly keepOldS: number };
  };
}

/** The champion of a model has moved: what the supervisor tells each deployment that follows it. */
export interface FollowCommand {
  readonly type: 'Follow';
  readonly commandId: string;
  readonly deployment: string;
  readonly champion: {
    readonly model: string;
    /** EVENTS sequence of the model's last event, and of the one that made the version champion. */
    readonly modelSeq: number;
    readonly seq: number;
    readonly state: VersionState;
  };
  /** The rollout that was live when the signatures were compared, and whether its callers can stay callers. */
  readonly compared: { readonly rolloutId: string; readonly compatible: boolean } | null;
  readonly loadTimeoutS: number;
}

interface OfRollout {
  readonly deployment: string;
  readonly rollout_id: string;
}

/** Every living serving process has the version of a blue-green rollout loaded and warm. */
export interface MarkPrepared extends OfRollout {
  readonly type: 'MarkPrepared';
  readonly instances: EventOf<typeof DeploymentPrepared>['data']['instances'];
}

/** Every living serving process has the version: traffic may move. */
export interface MarkLive extends OfRollout {
  readonly type: 'MarkLive';
  readonly instances: EventOf<typeof DeploymentWentLive>['data']['instances'];
}

export interface MarkFailed extends OfRollout {
  readonly type: 'MarkFailed';
  readonly code: string;
  readonly reason: string;
}

export interface RollBackDeployment {
  readonly type: 'RollBack';
  readonly deployment: string;
  /** The version that the caller means to return to. `version`: what the selector names now; null: nothing. */
  readonly to?: { readonly model: string; readonly selector: string; readonly version: string | null };
  readonly reason: string;
  /** The former version that was looked up in its model; null where none was kept. */
  readonly seen: { readonly rolloutId: string; readonly archived: boolean } | null;
}

/** The time for which the other side of this rollout was to be kept is over. */
export interface ReleaseFormer extends OfRollout {
  readonly type: 'ReleaseFormer';
}

/** A serving process died while it ran a version. One life of a process (`epoch`) dies once. */
export interface ReportCrash extends OfRollout {
  readonly type: 'ReportCrash';
  readonly instance: string;
  readonly epoch: string;
  /** The signal that ended it. */
  readonly cause: string;
  /** From the configuration that was in force: `deployment.circuit_breaker`. */
  readonly breaker: { readonly crashes: number; readonly withinS: number };
}

export interface RetireDeployment {
  readonly type: 'Retire';
  readonly deployment: string;
  readonly reason: string;
}

export type DeploymentCommand =
  | DeployCommand
  | FollowCommand
  | MarkPrepared
  | MarkLive
  | MarkFailed
  | RollBackDeployment
  | ReleaseFormer
  | ReportCrash
  | RetireDeployment;
