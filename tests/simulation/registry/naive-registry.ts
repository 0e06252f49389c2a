/** The registry as plain objects, folded event by event without a table: what the read model is held against. */
import type { api, GovernanceEvent, ModelEvent, RecordedEvent } from '#libs/contracts/index.js';
import { assertNever } from '#libs/kernel/index.js';

type Recorded = RecordedEvent<ModelEvent>;
type Version = api.VersionView;

interface Decision {
  readonly seq: number;
  readonly type: string;
  readonly version: string | null;
  readonly alias: string | null;
  readonly actor: string;
}

interface Model {
  readonly name: string;
  readonly created_at: string;
  updated_at: string;
  readonly versions: Version[];
  readonly aliases: Map<string, string>;
  champion: string | null;
  readonly decisions: Decision[];
}

export class NaiveRegistry {
  readonly models = new Map<string, Model>();
  private readonly moves: { readonly model: string; readonly seq: number; readonly aliases: readonly string[] }[] = [];

  apply(record: RecordedEvent<GovernanceEvent>): void {
    if (!('model' in record.event.data) || 'deployment' in record.event.data) return;
    this.applyToModel(record as Recorded);
  }

  private applyToModel({ seq, id, event, meta: { at, actor } }: Recorded): void {
    const name = event.data.model;
    let model = this.models.get(name);
    if (model === undefined) {
      model = {
        ...{ name, created_at: at, updated_at: at, versions: [], decisions: [] },
        ...{ aliases: new Map<string, string>(), champion: null },
      };
      this.models.set(name, model);
    }
    model.updated_at = at;
    if ('alias' in event.data) this.moves.push({ model: name, seq, aliases: [event.data.alias] });
    if (event.type === 'VersionArchived') this.moves.push({ model: name, seq, aliases: event.data.aliases });
    model.decisions.push({
      ...{ seq, actor, type: event.type },
      version: 'version' in event.data ? event.data.version : null,
      alias: 'alias' in event.data ? event.data.alias : null,
    });
    const touch = (version: string | null): Version | undefined => {
      const found = model.versions.find((each) => each.version === version);
      if (found !== undefined) found.updated_at = at;
      return found;
    };
    switch (event.type) {
      case 'VersionRegistered': {
        const { data } = event;
        model.versions.push({
          ...{ version: data.version, stage: 'development', archived: false, artifact: data.artifact, size: data.size },
          ...{ description: data.description ?? null, task: data.task ?? null, metrics: data.metrics },
          ...{ hyperparameters: data.hyperparameters ?? {}, lineage: data.lineage, baseline: data.baseline ?? null },
          ...{ derivation: data.derivation ?? null, tags: data.tags, aliases: [], signature: data.signature },
          feature_names: data.signature.features.map((feature) => feature.name),
          ...{ requests: [], approvals: [], evaluations: [] },
          ...{ created_at: at, created_by: actor, updated_at: at, event_id: id, seq },
        });
        return;
      }
      case 'VersionAnnotated': {
        const version = touch(event.data.version)!;
        version.tags = event.data.tags;
        version.description = event.data.description;
        return;
      }
      case 'EvaluationRecorded': {
        const { evaluation } = event.data;
        const version = touch(event.data.version)!;
        const same = (each: api.EvaluationView) =>
          each.dataset === evaluation.dataset && (each.split ?? '') === (evaluation.split ?? '');
        version.evaluations = [...version.evaluations.filter((each) => !same(each)), { ...evaluation, actor, at, seq }];
        return;
      }
      case 'PromotionRequested': {
        const { to, reason } = event.data;
        const version = touch(event.data.version)!;
        version.requests = [...version.requests.filter((each) => each.to !== to), { to, actor, reason, at, seq }];
        return;
      }
      case 'VersionApproved':
      case 'VersionRejected': {
        const { to, reason } = event.data;
        const version = touch(event.data.version)!;
        const [decision, expires_at] =
          event.type === 'VersionApproved'
            ? (['approve', event.data.expires_at] as const)
            : (['reject', null] as const);
        version.approvals = [
          ...version.approvals.filter((each) => each.to !== to || each.actor !== actor),
          { to, decision, actor, reason, at, expires_at, seq },
        ];
        return;
      }
      case 'VersionPromoted': {
        const { version, to, demoted } = event.data;
        touch(version)!.stage = to;
        if (to !== 'production') return;
        if (demoted !== null) touch(demoted)!.stage = 'staging';
        model.champion = version;
        return;
      }
      case 'ChampionRolledBack':
        touch(event.data.former)!.stage = 'staging';
        touch(event.data.version)!.stage = 'production';
        model.champion = event.data.version;
        return;
      case 'AliasSet':
        touch(event.data.version);
        touch(event.data.former);
        model.aliases.set(event.data.alias, event.data.version);
        return;
      case 'AliasRemoved':
        touch(event.data.former);
        model.aliases.delete(event.data.alias);
        return;
      case 'VersionArchived':
        touch(event.data.version)!.archived = true;
        for (const alias of event.data.aliases) model.aliases.delete(alias);
        return;
      default:
        assertNever(event, 'model event');
    }
  }

  model(name: string): Omit<api.ModelView, 'as_of_seq'> | undefined {
    const model = this.models.get(name);
    return model && { ...fieldsOf(model), versions: model.versions.map((version) => withAliases(model, version)) };
  }

  /** What set an alias, removed it, or ended it with its version. */
  movesOf(name: string, alias: string): number[] {
    return this.moves.filter((each) => each.model === name && each.aliases.includes(alias)).map(({ seq }) => seq);
  }

  /** In byte order of their names, those of which one version passes. */
  list(passes: (version: Searched) => boolean): api.ModelSummary[] {
    return this.inOrder()
      .filter((model) => model.versions.some((version) => passes(searched(model, version))))
      .map((model) => ({
        ...fieldsOf(model),
        versions: model.versions.length,
        latest_version: model.versions.at(-1)!.version,
        created_at: model.created_at,
        updated_at: model.updated_at,
      }));
  }

  /** In byte order of models, then as registered. */
  versions(passes: (version: Searched) => boolean): Searched[] {
    return this.inOrder().flatMap((model) => model.versions.map((version) => searched(model, version)).filter(passes));
  }

  private inOrder(): Model[] {
    return [...this.models.values()].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  }
}

/** A version as filters see it. */
export interface Searched extends Version {
  readonly model_id: string;
  readonly champion: boolean;
}

const fieldsOf = ({ name, champion, aliases }: Model) => ({
  ...{ model_id: name, champion },
  aliases: Object.fromEntries(aliases),
});

const withAliases = ({ aliases }: Model, version: Version): Version => ({
  ...version,
  aliases: [...aliases]
    .filter(([, named]) => named === version.version)
    .map(([alias]) => alias)
    .sort(),
});

const searched = (model: Model, version: Version): Searched => ({
  ...withAliases(model, version),
  model_id: model.name,
  champion: model.champion === version.version,
});
