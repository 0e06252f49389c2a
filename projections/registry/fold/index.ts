import type { ModelEvent } from '#libs/contracts/index.js';
import { aliasRemoved, aliasSet } from './alias.js';
import { annotated } from './annotated.js';
import { archived } from './archived.js';
import { evaluated } from './evaluated.js';
import type { Fold } from './fold.js';
import { promoted, rolledBack } from './promoted.js';
import { registered } from './registered.js';
import { approved, rejected, requested } from './reviewed.js';

export { decisionRow } from './decision.js';
export type { Fact, Fold } from './fold.js';

/** What each kind of event does to the tables. */
export const folds: { readonly [Type in ModelEvent['type']]: Fold<Type> } = {
  VersionRegistered: registered,
  VersionAnnotated: annotated,
  EvaluationRecorded: evaluated,
  PromotionRequested: requested,
  VersionApproved: approved,
  VersionRejected: rejected,
  VersionPromoted: promoted,
  ChampionRolledBack: rolledBack,
  AliasSet: aliasSet,
  AliasRemoved: aliasRemoved,
  VersionArchived: archived,
};
