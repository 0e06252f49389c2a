import { readFileSync } from 'node:fs';
import { modelEvents, type GovernanceEvent, type ModelEvent, type RecordedEvent } from '#libs/contracts/index.js';
import { isUnknown, type LogRecord } from '#libs/event-log/index.js';
import { Changes, type Projection } from '#libs/projecting/index.js';
import { decisionRow, folds, type Fact, type Fold } from './fold/index.js';
import { decisions, tables } from './tables.js';

/** Registered models, their versions and everything decided about them, from EVENTS. */
export const registry: Projection<LogRecord<GovernanceEvent>, Fact> = {
  name: 'registry',
  version: 2,
  stream: 'EVENTS',
  schemaSql: readFileSync(new URL('./schema.sql', import.meta.url), 'utf8'),
  tables,

  decode(record) {
    if (isUnknown(record)) return { kind: 'unreadable', reason: record.unknown.code };
    return isFact(record) ? { kind: 'fact', fact: record } : { kind: 'irrelevant' };
  },

  needs: ({ fact }) => foldOf(fact).needs(fact),

  apply(before, facts) {
    const changes = new Changes(before);
    for (const { seq, fact } of facts) {
      const outcome = foldOf(fact).apply(changes, fact);
      if (outcome.ok) changes.put(decisions, seq, decisionRow(fact));
      else changes.skip(seq, outcome.rejection);
    }
    return changes.operations;
  },
};

const kinds: ReadonlySet<string> = new Set(modelEvents.map(({ type }) => type));

const isFact = (record: RecordedEvent<GovernanceEvent>): record is Fact => kinds.has(record.event.type);

/** The compiler does not see that a fact's type picks the fold of just that type. */
const foldOf = (fact: Fact): Fold<ModelEvent['type']> => folds[fact.event.type] as Fold<ModelEvent['type']>;
