import { accept, reject } from '#libs/kernel/index.js';
import { aliases, versions } from '../tables.js';
import { aliasKey, concern, findVersion, unknownVersion, versionKey, versionOfAlias, type Fold } from './fold.js';

export const archived: Fold<'VersionArchived'> = {
  needs: ({ event: { data } }) => [
    versionKey(data.model, data.version),
    ...data.aliases.map((alias) => aliasKey(data.model, alias)),
  ],

  apply(changes, fact) {
    const { model, version, aliases: ended } = fact.event.data;
    const found = findVersion(changes, model, version);
    if (found === undefined) return unknownVersion(model, version);
    if (found.archived) return reject(`${model}@${version} is archived already`);
    if (found.stage === 'production') return reject(`${model}@${version} is the champion`);
    const other = ended.find((alias) => versionOfAlias(changes, model, alias) !== version);
    if (other !== undefined) return reject(`${other} of ${model} does not name ${version}`);
    changes.put(versions, fact.seq, { ...found, archived: true });
    for (const alias of ended) changes.delete(aliases, fact.seq, { model, alias });
    concern(changes, fact, version);
    return accept(undefined);
  },
};
