/** A version as a command names it, and as its answer tells what became of it. */
import type { z } from 'zod';
import type { api, ModelEvent, Stage } from '#libs/contracts/index.js';
import { findVersion, type ModelState } from '#libs/domain/index.js';
import type { Accepted } from '#libs/event-log/index.js';
import { acceptedOrThrow } from '#libs/nest/index.js';
import type { RegistryQueries } from '#projections/registry/index.js';

export interface NamedVersion {
  readonly model: string;
  /** `1.2.0` or an alias. */
  readonly version: string;
}

/** Target of a command on a version. Names hold no `@`, so no two versions share one. */
export const nameOf = ({ model, version }: NamedVersion): string => `${model}@${version}`;

export type VersionChanged = z.infer<typeof api.versionChanged>;
export type AcceptedOfModel<Event extends ModelEvent = ModelEvent> = Accepted<ModelState, Event>;

/** The answer to a change of a version: a repeat is told the stage of that time, not of this one. */
export async function changedVersion(
  registry: RegistryQueries,
  { event, eventId, seq, repeated, state }: AcceptedOfModel,
): Promise<VersionChanged> {
  if (!('version' in event.data)) throw new TypeError(`${event.type} is no change of a version`);
  const { model, version } = event.data;
  const stage: Stage = repeated
    ? acceptedOrThrow(await registry.getVersion(model, version, { as_of: { seq } })).stage
    : findVersion(state, version)!.stage;
  return { model_id: model, version, stage, event_id: eventId, seq };
}

/** The event of a command that gives events of one type. @throws TypeError for any other */
export function eventOf<Type extends ModelEvent['type']>(
  { event }: AcceptedOfModel,
  ...types: Type[]
): Extract<ModelEvent, { type: Type }> {
  if (types.some((type) => type === event.type)) return event as Extract<ModelEvent, { type: Type }>;
  throw new TypeError(`the log holds ${event.type} under this command's id, expected ${types.join(' or ')}`);
}
