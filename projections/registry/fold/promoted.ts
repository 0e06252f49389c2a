/** Promotion and rollback: the two ways a champion is made. At no sequence are there two, or none after the first. */
import { championAlias, type Stage } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { Changes, RowReference } from '#libs/projecting/index.js';
import { aliases, versions, type VersionRow } from '../tables.js';
import {
  aliasKey,
  concern,
  findVersion,
  unknownVersion,
  versionKey,
  versionOfAlias,
  type Fact,
  type Fold,
} from './fold.js';

export const promoted: Fold<'VersionPromoted'> = {
  needs: ({ event: { data } }) => rowsOf(data.model, data.version, data.demoted),

  apply(changes, fact) {
    const { model, version, from, to, demoted } = fact.event.data;
    const found = findVersion(changes, model, version);
    if (found === undefined) return unknownVersion(model, version);
    if (found.archived) return reject(`${model}@${version} is archived`);
    if (found.stage !== from) return reject(`${model}@${version} is in stage ${found.stage}, not ${from}`);
    if (from === 'production') return reject(`${model}@${version} is the champion`);
    if (to === 'production') return crown(changes, fact, found, demoted);
    if (demoted !== null) return reject(`a promotion to ${to} demotes nothing, not ${model}@${demoted}`);
    setStage(changes, fact, found, to);
    concern(changes, fact, version);
    return accept(undefined);
  },
};

export const rolledBack: Fold<'ChampionRolledBack'> = {
  needs: ({ event: { data } }) => rowsOf(data.model, data.version, data.former),

  apply(changes, fact) {
    const { model, version, former } = fact.event.data;
    const found = findVersion(changes, model, version);
    if (found === undefined) return unknownVersion(model, version);
    if (found.archived) return reject(`${model}@${version} is archived`);
    if (version === former) return reject(`${model}@${version} is the champion`);
    return crown(changes, fact, found, former);
  },
};

const rowsOf = (model: string, version: string, former: string | null): RowReference[] => [
  versionKey(model, version),
  ...(former === null ? [] : [versionKey(model, former)]),
  aliasKey(model, championAlias),
];

type Crowning = Fact<'VersionPromoted' | 'ChampionRolledBack'>;

/** The version becomes champion; the one before returns to staging. */
function crown(changes: Changes, fact: Crowning, found: VersionRow, former: string | null): Result<undefined, string> {
  const { model, version } = found;
  const champion = versionOfAlias(changes, model, championAlias);
  if (champion !== former) return reject(`the champion of ${model} is ${champion ?? 'none'}, not ${former ?? 'none'}`);
  const before = former === null ? undefined : findVersion(changes, model, former);
  if (before !== undefined) setStage(changes, fact, before, 'staging');
  setStage(changes, fact, found, 'production');
  changes.put(aliases, fact.seq, { model, alias: championAlias, version });
  concern(changes, fact, version, former);
  return accept(undefined);
}

const setStage = (changes: Changes, { seq }: Crowning, row: VersionRow, stage: Stage): void => {
  changes.put(versions, seq, { ...row, stage });
};
