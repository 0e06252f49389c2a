import { isVersion, rejection, type api, type ModelEvent, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import {
  cursorOf,
  pageOf,
  readCursor,
  readSearch,
  type ProjectionReader,
  type ReadAt,
  type SearchAt,
} from '#libs/projecting/index.js';
import { versionOf, namesOf } from './read/aliases.js';
import { decisionsBetween, type HistoryOf } from './read/history.js';
import { modelExists, modelSummaries } from './read/models.js';
import { versionSummaries, versionViews } from './read/versions.js';
import { findModels, searchedModels } from './search/find-models.js';
import { findVersions, searchedVersions } from './search/find-versions.js';

export interface Page<Item> {
  readonly items: Item[];
  readonly next_cursor: string | null;
  readonly as_of_seq: number;
}

export interface ListAt extends ReadAt {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** `type` left out: events of every type. */
export type HistoryAt = ListAt & Omit<HistoryOf, 'model' | 'types'> & { readonly type?: string | undefined };

/**
 * Reads of the registry, each at any past moment. Every method may also refuse as `ProjectionReader.read` does; a page's
 * cursor goes on at the moment of the first page.
 */
export class RegistryQueries {
  constructor(private readonly reader: ProjectionReader) {}

  /** A model with all its versions in order of registration; or `model_not_found`. */
  getModel(name: string, at: ReadAt = {}): Promise<Result<api.ModelView, Rejection>> {
    return this.reader.read(at, async (database, seq) => {
      const names = (await namesOf(database, [name], seq)).get(name)!;
      const versions = await versionViews(database, name, seq, names);
      // A model is there from its first version on.
      if (versions.length === 0) return reject(noModel(name, seq));
      return accept({ model_id: name, ...names, versions, as_of_seq: seq });
    });
  }

  /**
   * One version by `1.2.0` or by an alias, `champion` included; or `model_not_found`, `version_not_found`,
   * `alias_not_found`.
   */
  getVersion(
    name: string,
    selector: string,
    at: ReadAt = {},
  ): Promise<Result<api.VersionView & { model_id: string; as_of_seq: number }, Rejection>> {
    return this.reader.read(at, async (database, seq) => {
      const names = (await namesOf(database, [name], seq)).get(name)!;
      const version = isVersion(selector) ? selector : versionOf(names, selector);
      const [view] = version === undefined ? [] : await versionViews(database, name, seq, names, version);
      if (view !== undefined) return accept({ model_id: name, ...view, as_of_seq: seq });
      const known = await modelExists(database, name, seq);
      return reject(known ? noVersion(name, selector, seq) : noModel(name, seq));
    });
  }

  /**
   * Models of which one version satisfies the whole filter, by default in order of their names. Also refuses with
   * `invalid_filter`, `invalid_order`, `invalid_cursor`.
   */
  async listModels(at: SearchAt): Promise<Result<Page<api.ModelSummary>, Rejection>> {
    const asked = readSearch(searchedModels, at);
    if (!asked.ok) return asked;
    return this.reader.read(asked.value.moment, async (database, seq) => {
      const { rows, next_cursor } = pageOf(asked.value, await findModels(database, asked.value, seq), seq);
      const names = rows.map(({ model }) => model);
      return accept({ items: await modelSummaries(database, names, seq), next_cursor, as_of_seq: seq });
    });
  }

  /**
   * Versions that satisfy the filter, of all models or of one (or `model_not_found`), by default in order of the models'
   * names and of registration. Also refuses with `invalid_filter`, `invalid_order`, `invalid_cursor`.
   */
  async listVersions({
    model,
    ...at
  }: SearchAt & { readonly model?: string | undefined }): Promise<Result<Page<api.VersionSummary>, Rejection>> {
    const asked = readSearch(searchedVersions(model), at);
    if (!asked.ok) return asked;
    return this.reader.read(asked.value.moment, async (database, seq) => {
      if (model !== undefined && !(await modelExists(database, model, seq))) return reject(noModel(model, seq));
      const found = await findVersions(database, asked.value, seq, model);
      const { rows, next_cursor } = pageOf(asked.value, found, seq);
      return accept({ items: await versionSummaries(database, rows, seq), next_cursor, as_of_seq: seq });
    });
  }

  /** What was decided about a model, oldest first; or `model_not_found`, `invalid_cursor`. */
  async history(
    model: string,
    { limit, cursor, version, alias, type, ...at }: HistoryAt,
  ): Promise<Result<Page<api.DecisionView>, Rejection>> {
    const list = historyOf(model, version, alias, type);
    const from = cursor === undefined ? undefined : readCursor(list, cursor);
    if (from !== undefined && !from.ok) return from;
    const after = from === undefined ? 0 : Number(from.value.after);
    if (!Number.isSafeInteger(after)) return reject(notOfHistory);
    const moment: ReadAt = from === undefined ? at : { as_of: { seq: from.value.seq } };
    return this.reader.read(moment, async (database, seq) => {
      if (!(await modelExists(database, model, seq))) return reject(noModel(model, seq));
      const asked = { after, upTo: seq, limit: limit + 1 };
      const types = type === undefined ? undefined : [type];
      const found = await decisionsBetween(database, { model, version, alias, types }, asked);
      const items = found.slice(0, limit);
      const last = items.at(-1);
      const next_cursor =
        found.length > limit && last !== undefined ? cursorOf({ list, seq, after: String(last.seq) }) : null;
      return accept({ items, next_cursor, as_of_seq: seq });
    });
  }

  /**
   * How a version came to its stage, up to a sequence, for `why`: the newest `decisionLimit` requests, approvals,
   * rejections, promotions and rollbacks, oldest first. Waits for the read model to reach that sequence; empty where
   * nothing is known.
   */
  decisionsOf(model: string, version: string, upTo: number): Promise<Result<api.DecisionView[], Rejection>> {
    const span = { after: 0, upTo, limit: decisionLimit, newest: true };
    return this.reader.read({ as_of: { seq: upTo } }, async (database) =>
      accept(await decisionsBetween(database, { model, version, types: promotionEvents }, span)),
    );
  }
}

/** The rest of a version's history (tags, evaluations, aliases) has no bound, and would crowd these out. */
const promotionEvents: readonly ModelEvent['type'][] = [
  ...(['PromotionRequested', 'VersionApproved', 'VersionRejected'] as const),
  ...(['VersionPromoted', 'ChampionRolledBack'] as const),
];

/** Most decisions on one version that `why` tells. */
export const decisionLimit = 1_000;

const historyOf = (...of: readonly (string | undefined)[]): string => JSON.stringify(['history', ...of]);

const noModel = (name: string, seq: number): Rejection =>
  rejection('model_not_found', `no model is named '${name}' as of ${seq}`);

const noVersion = (name: string, selector: string, seq: number): Rejection =>
  isVersion(selector)
    ? rejection('version_not_found', `${name} has no version ${selector} as of ${seq}`)
    : rejection('alias_not_found', `${name} has no alias ${selector} as of ${seq}`);

const notOfHistory: Rejection = rejection('invalid_cursor', 'the cursor was not made by this history', [
  { path: 'cursor', message: "expected a page's next_cursor, unchanged" },
]);
