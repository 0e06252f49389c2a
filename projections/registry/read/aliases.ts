import { championAlias } from '#libs/contracts/index.js';
import { asOf, groupBy, type Queryable } from '#libs/projecting/index.js';

/** What names the versions of a model. */
export interface Names {
  readonly champion: string | null;
  /** Without `champion`, in order of the aliases. */
  readonly aliases: Readonly<Record<string, string>>;
}

interface AliasRow {
  model: string;
  alias: string;
  version: string;
}

export async function namesOf(
  database: Queryable,
  models: readonly string[],
  seq: number,
): Promise<ReadonlyMap<string, Names>> {
  const { rows } = await database.query<AliasRow>(
    `select x.model, x.alias, x.version from registry.aliases x
     where x.model = any ($2::text[]) and ${asOf('$1', 'x')} order by x.model, x.alias`,
    [seq, models],
  );
  const byModel = groupBy(rows, ({ model }) => model);
  return new Map(models.map((model) => [model, names(byModel.get(model) ?? [])]));
}

const names = (rows: readonly AliasRow[]): Names => ({
  champion: rows.find(({ alias }) => alias === championAlias)?.version ?? null,
  aliases: Object.fromEntries(
    rows.filter(({ alias }) => alias !== championAlias).map(({ alias, version }) => [alias, version]),
  ),
});

/** Of one version, in order. */
export const aliasesOf = ({ aliases }: Names, version: string): string[] =>
  Object.entries(aliases)
    .filter(([, named]) => named === version)
    .map(([alias]) => alias);

/** The version that an alias names; `champion` is one. */
export const versionOf = ({ champion, aliases }: Names, alias: string): string | undefined =>
  alias === championAlias ? (champion ?? undefined) : Object.hasOwn(aliases, alias) ? aliases[alias] : undefined;
