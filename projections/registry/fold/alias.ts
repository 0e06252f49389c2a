import { championAlias } from '#libs/contracts/index.js';
import { accept, reject } from '#libs/kernel/index.js';
import { aliases } from '../tables.js';
import { aliasKey, concern, findVersion, unknownVersion, versionKey, versionOfAlias, type Fold } from './fold.js';

export const aliasSet: Fold<'AliasSet'> = {
  needs: ({ event: { data } }) => [versionKey(data.model, data.version), aliasKey(data.model, data.alias)],

  apply(changes, fact) {
    const { model, version, alias, former } = fact.event.data;
    if (alias === championAlias) return reject(moved(model));
    const found = findVersion(changes, model, version);
    if (found === undefined) return unknownVersion(model, version);
    if (found.archived) return reject(`${model}@${version} is archived`);
    const named = versionOfAlias(changes, model, alias);
    if (named !== former) return reject(namesAnother(model, alias, named, former));
    changes.put(aliases, fact.seq, { model, alias, version });
    concern(changes, fact, version, former);
    return accept(undefined);
  },
};

export const aliasRemoved: Fold<'AliasRemoved'> = {
  needs: ({ event: { data } }) => [aliasKey(data.model, data.alias)],

  apply(changes, fact) {
    const { model, alias, former } = fact.event.data;
    if (alias === championAlias) return reject(moved(model));
    const named = versionOfAlias(changes, model, alias);
    if (named !== former) return reject(namesAnother(model, alias, named, former));
    changes.delete(aliases, fact.seq, { model, alias });
    concern(changes, fact, former);
    return accept(undefined);
  },
};

const moved = (model: string): string => `${championAlias} of ${model} moves by promotion and rollback only`;

const namesAnother = (model: string, alias: string, named: string | null, former: string | null): string =>
  `${alias} of ${model} names ${named ?? 'nothing'}, not ${former ?? 'nothing'}`;
