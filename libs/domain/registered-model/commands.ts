import type {
  EventOf,
  Evaluation,
  PromotionPolicy,
  PromotionTarget,
  VersionRegistered,
} from '#libs/contracts/index.js';

export type Registration = EventOf<typeof VersionRegistered>['data'];

/** What each promotion takes, from the configuration in force. */
export type PromotionPolicies = Readonly<Record<PromotionTarget, PromotionPolicy>>;

interface OfVersion {
  readonly model: string;
  /** `1.2.0` or an alias. */
  readonly version: string;
}

export interface RegisterVersion {
  readonly type: 'RegisterVersion';
  /** Everything that is recorded; `version` left out asks for the next one. The signature was read from the bytes. */
  readonly registration: Omit<Registration, 'version'> & { readonly version?: string };
  /**
   * What is at or above its parent and only named so far, as `name@1.2.0`: the version cannot be one of them. A version
   * that is registered already cannot descend from one that is not.
   */
  readonly namedAncestors?: readonly string[];
}

export interface Annotate extends OfVersion {
  readonly type: 'Annotate';
  /** null removes; what is left out stays. */
  readonly tags?: Readonly<Record<string, string | null>>;
  readonly description?: string | null;
}

export interface RecordEvaluation extends OfVersion {
  readonly type: 'RecordEvaluation';
  /** Its id derives from the command's, so that a repeat meets the same evaluation. */
  readonly evaluation: Evaluation;
}

/** `to` left out: the next stage. */
interface Reviewing extends OfVersion {
  readonly to?: PromotionTarget;
  readonly reason: string;
}
export interface RequestPromotion extends Reviewing {
  readonly type: 'RequestPromotion';
}
export interface Approve extends Reviewing {
  readonly type: 'Approve';
  readonly policies: PromotionPolicies;
}
export interface Reject extends Reviewing {
  readonly type: 'Reject';
}

export interface Promote extends OfVersion {
  readonly type: 'Promote';
  readonly to: PromotionTarget;
  readonly reason: string;
  /** The champion that the caller saw; null: none. */
  readonly ifChampion?: string | null;
  readonly policies: PromotionPolicies;
}

export interface RollBack {
  readonly type: 'RollBack';
  readonly model: string;
  /** `1.2.0` or an alias; left out: the champion before. */
  readonly to?: string;
  readonly reason: string;
}

export interface SetAlias extends OfVersion {
  readonly type: 'SetAlias';
  readonly alias: string;
}
export interface RemoveAlias {
  readonly type: 'RemoveAlias';
  readonly model: string;
  readonly alias: string;
}

export interface Archive extends OfVersion {
  readonly type: 'Archive';
  readonly reason: string;
  /** What the caller saw of the deployments at a position of the log; the append is guarded by that position. */
  readonly deployments: { readonly serving: readonly string[]; readonly seq: number };
}

export type ModelCommand =
  | RegisterVersion
  | Annotate
  | RecordEvaluation
  | RequestPromotion
  | Approve
  | Reject
  | Promote
  | RollBack
  | SetAlias
  | RemoveAlias
  | Archive;
