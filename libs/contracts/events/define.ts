import type { z } from 'zod';

/**
 * An event type: its current schema and how each older stored version becomes the next.
 * `upcasters[0]` turns version 1 into version 2, and so on; they are pure. A stored event is never edited.
 */
export interface EventDefinition<Type extends string = string, Schema extends z.ZodType = z.ZodType> {
  readonly type: Type;
  readonly version: number;
  readonly schema: Schema;
  readonly upcasters: readonly Upcaster[];
}

export type Upcaster = (data: unknown) => unknown;

export type EventOf<Definition> =
  Definition extends EventDefinition<infer Type, infer Schema>
    ? { readonly type: Type; readonly data: z.infer<Schema> }
    : never;

export function defineEvent<Type extends string, Schema extends z.ZodType>(
  type: Type,
  schema: Schema,
  upcasters: readonly Upcaster[] = [],
): EventDefinition<Type, Schema> {
  return { type, version: upcasters.length + 1, schema, upcasters };
}

/** The event types a reader knows. */
export type EventCatalogue = ReadonlyMap<string, EventDefinition>;

export const catalogueOf = (definitions: readonly EventDefinition[]): EventCatalogue =>
  new Map(definitions.map((definition) => [definition.type, definition]));

/** Why stored data could not become an event of the catalogue. */
export type DecodeFailure =
  | { readonly code: 'unknown_event_type'; readonly type: string }
  | { readonly code: 'newer_event_version'; readonly type: string; readonly version: number; readonly known: number }
  | { readonly code: 'malformed_event'; readonly type: string; readonly detail: string };

/** Upcasts stored data to the current version and validates it. */
export function decodeEvent(
  catalogue: EventCatalogue,
  type: string,
  version: number,
  stored: unknown,
):
  | { readonly ok: true; readonly value: { readonly type: string; readonly data: unknown } }
  | { readonly ok: false; readonly rejection: DecodeFailure } {
  const definition = catalogue.get(type);
  if (definition === undefined) return { ok: false, rejection: { code: 'unknown_event_type', type } };
  if (!Number.isInteger(version) || version < 1 || version > definition.version)
    return { ok: false, rejection: { code: 'newer_event_version', type, version, known: definition.version } };
  const current = definition.upcasters.slice(version - 1).reduce((data, upcast) => upcast(data), stored);
  const parsed = definition.schema.safeParse(current);
  if (!parsed.success)
    return {
      ok: false,
      rejection: {
        code: 'malformed_event',
        type,
        detail: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
      },
    };
  return { ok: true, value: { type, data: parsed.data } };
}
