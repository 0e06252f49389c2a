/** What the folds of the single events share. */
import type { ModelEvent, RecordedEvent } from '#libs/contracts/index.js';
import { reject, type Result } from '#libs/kernel/index.js';
import type { Changes, Row, RowReference } from '#libs/projecting/index.js';
import { aliases, versionEvents, versions, type VersionRow } from '../tables.js';

export type EventOfType<Type extends ModelEvent['type']> = Extract<ModelEvent, { type: Type }>;
export type Fact<Type extends ModelEvent['type'] = ModelEvent['type']> = RecordedEvent<EventOfType<Type>>;

/** What one kind of event does to the tables. */
export interface Fold<Type extends ModelEvent['type']> {
  /** Rows that `apply` reads. */
  needs(fact: Fact<Type>): readonly RowReference[];
  /** Writes the changes, or refuses the event with a reason before the first one. */
  apply(changes: Changes, fact: Fact<Type>): Result<undefined, string>;
}

export const versionKey = (model: string, version: string): RowReference => ({
  table: versions,
  key: { model, version },
});
export const aliasKey = (model: string, alias: string): RowReference => ({ table: aliases, key: { model, alias } });

/** The row as `put` wrote it. */
export const findVersion = (changes: Changes, model: string, version: string): VersionRow | undefined =>
  changes.get(versions, { model, version }) as (VersionRow & Row) | undefined;

/** The version that an alias names; null: it names none. */
export const versionOfAlias = (changes: Changes, model: string, alias: string): string | null =>
  (changes.get(aliases, { model, alias })?.['version'] as string | undefined) ?? null;

export const unknownVersion = (model: string, version: string): Result<never, string> =>
  reject(`${model}@${version} is not registered`);

/** Records that the event concerns these versions of its model. */
export function concern(changes: Changes, { seq, event, meta }: Fact, ...concerned: readonly (string | null)[]): void {
  for (const version of concerned)
    if (version !== null) changes.put(versionEvents, seq, { model: event.data.model, version, seq, at: meta.at });
}
