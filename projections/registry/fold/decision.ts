/** Every event of a model as a row of its history. */
import type { ModelEvent } from '#libs/contracts/index.js';
import { assertNever } from '#libs/kernel/index.js';
import type { Row } from '#libs/projecting/index.js';
import type { Fact } from './fold.js';

export const decisionRow = ({ seq, id, event, meta }: Fact): Row => ({
  model: event.data.model,
  seq,
  event_id: id,
  type: event.type,
  at: meta.at,
  actor: meta.actor,
  version: 'version' in event.data ? event.data.version : null,
  alias: 'alias' in event.data ? event.data.alias : null,
  reason: 'reason' in event.data ? event.data.reason : null,
  config_seq: meta.configSeq ?? null,
  evidence: 'evidence' in event.data ? event.data.evidence : null,
  details: detailsOf(event),
});

/** What an event says that has no column, without what is large and stands elsewhere: signature, slices, curves. */
function detailsOf(event: ModelEvent): object {
  switch (event.type) {
    case 'VersionRegistered': {
      const { artifact, size, task, metrics, lineage, derivation } = event.data;
      return { artifact, size, task, metrics, lineage, derivation: derivation?.method };
    }
    case 'VersionAnnotated':
      return { description: event.data.description, tags: event.data.tags };
    case 'EvaluationRecorded': {
      const { evaluation_id, dataset, split, rows, metrics } = event.data.evaluation;
      return { evaluation_id, dataset, split, rows, metrics };
    }
    case 'PromotionRequested':
    case 'VersionRejected':
      return { to: event.data.to };
    case 'VersionApproved':
      return { to: event.data.to, expires_at: event.data.expires_at };
    case 'VersionPromoted':
      return { from: event.data.from, to: event.data.to, demoted: event.data.demoted };
    case 'ChampionRolledBack':
    case 'AliasSet':
    case 'AliasRemoved':
      return { former: event.data.former };
    case 'VersionArchived':
      return { aliases: event.data.aliases, deployments_seq: event.data.deployments_seq };
    default:
      return assertNever(event, 'model event');
  }
}
