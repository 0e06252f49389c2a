import { accept } from '#libs/kernel/index.js';
import { annotations, tags, type AnnotationRow } from '../tables.js';
import { concern, unknownVersion, type Fold } from './fold.js';

export const annotated: Fold<'VersionAnnotated'> = {
  needs: ({ event: { data } }) => [{ table: annotations, key: { model: data.model, version: data.version } }],

  apply(changes, fact) {
    const { seq, event } = fact;
    const { model, version, description } = event.data;
    const known = changes.get(annotations, { model, version }) as AnnotationRow | undefined;
    if (known === undefined) return unknownVersion(model, version);
    changes.put(annotations, seq, { model, version, description, tags: event.data.tags });
    const [before, after] = [new Map(Object.entries(known.tags)), new Map(Object.entries(event.data.tags))];
    for (const tag of before.keys()) if (!after.has(tag)) changes.delete(tags, seq, { model, version, tag });
    for (const [tag, value] of after)
      if (before.get(tag) !== value) changes.put(tags, seq, { model, version, tag, value });
    concern(changes, fact, version);
    return accept(undefined);
  },
};
