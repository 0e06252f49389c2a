import { lineage, type api, type Feature, type OutputInfo, type Signature } from '#libs/contracts/index.js';
import { isCompatible } from '#libs/domain/index.js';
import { canonicalJson, type Result } from '#libs/kernel/index.js';
import type { VersionTraffic } from '#projections/traffic/index.js';

/** A version of any model, as it stood at the moment of the comparison. */
export type ComparedVersion = api.VersionView & { readonly model_id: string };

/** The profiles of a baseline's columns, or why there are none. */
export type ProfiledBaseline = Result<ReadonlyMap<string, api.FeatureProfile>, { readonly detail: string }>;

type Moment = Pick<api.Comparison, 'as_of_seq' | 'as_of_cut'>;

/**
 * Versions side by side, in the order given; the first is what the others are measured against.
 *
 * What has no order of its own (metrics, hyperparameters) is sorted by name; features, outputs and evaluations come in
 * the order of the first version that has them.
 * @param profiles one for each version; null where it has no baseline.
 * @param traffic recorded traffic of the versions; one that had none is left out.
 */
export function comparisonOf(
  versions: readonly ComparedVersion[],
  profiles: readonly (ProfiledBaseline | null)[],
  traffic: readonly VersionTraffic[],
  at: Moment,
): api.Comparison {
  return {
    versions: versions.map(headOf),
    metrics: metricsOf(versions.map((version) => version.metrics)).map(([metric, compared]) => ({
      metric,
      ...compared,
    })),
    evaluations: evaluationsOf(versions),
    hyperparameters: hyperparametersOf(versions),
    signatures: signaturesOf(versions.map(({ signature }) => signature)),
    lineage: lineageOf(versions),
    baselines: baselinesOf(versions, profiles),
    sizes: numbers(versions.map(({ size }) => size)),
    latency: versions.map((version) => latencyOf(version, traffic)),
    ...at,
  };
}

const headOf = (version: ComparedVersion): api.Comparison['versions'][number] => ({
  model_id: version.model_id,
  version: version.version,
  stage: version.stage,
  archived: version.archived,
  artifact: version.artifact,
  created_at: version.created_at,
  created_by: version.created_by,
});

interface Numbers {
  readonly values: (number | null)[];
  readonly differences: (number | null)[];
}

/** Differences as floating point gives them: rounding is for whoever shows them. */
function numbers(values: readonly (number | null)[]): Numbers {
  const first = values[0] ?? null;
  return {
    values: [...values],
    differences: values.map((value) => (value === null || first === null ? null : value - first)),
  };
}

type Metrics = Readonly<Record<string, number>>;

/** Null for a version that has no such metrics at all. */
const metricsOf = (perVersion: readonly (Metrics | null)[]): [metric: string, Numbers][] =>
  namesOf(perVersion).map((metric) => [metric, numbers(perVersion.map((metrics) => valueOf(metrics, metric)))]);

function evaluationsOf(versions: readonly ComparedVersion[]): api.Comparison['evaluations'] {
  const all = versions.flatMap(({ evaluations }) => evaluations);
  return distinctBy(all, placeOf).flatMap((evaluation) => {
    const { dataset, split } = evaluation;
    const perVersion = versions.map(
      ({ evaluations }) => evaluations.find((other) => placeOf(other) === placeOf(evaluation))?.metrics ?? null,
    );
    return metricsOf(perVersion).map(([metric, compared]) => ({ dataset, split: split ?? null, metric, ...compared }));
  });
}

const placeOf = ({ dataset, split }: api.EvaluationView): string => JSON.stringify([dataset, split ?? null]);

function hyperparametersOf(versions: readonly ComparedVersion[]): api.Comparison['hyperparameters'] {
  const perVersion = versions.map(({ hyperparameters }) => hyperparameters);
  return namesOf(perVersion).map((name) => ({
    name,
    values: perVersion.map((hyperparameters) => valueOf(hyperparameters, name)),
    // Left out is another thing than set to null, though both are told as null.
    same: allSame(
      perVersion.map((hyperparameters) => [Object.hasOwn(hyperparameters, name), valueOf(hyperparameters, name)]),
    ),
  }));
}

function signaturesOf(signatures: readonly Signature[]): api.Comparison['signatures'] {
  const features = signatures.map(({ features }) => new Map(features.map((feature) => [feature.name, feature])));
  const outputs = signatures.map(
    (signature) => new Map(signature.outputs.map((output) => [output.name, meaningOf(output, signature)])),
  );
  return {
    compatible: signatures.map((signature) => isCompatible(signature, signatures[0]!)),
    features: keysOf(features).map((feature) => {
      const values = features.map((ofVersion) => typeOf(ofVersion.get(feature)));
      return { feature, values, same: allSame(values) };
    }),
    outputs: keysOf(outputs).map((output) => {
      const values = outputs.map((ofVersion) => ofVersion.get(output) ?? null);
      return { output, values, same: allSame(values) };
    }),
  };
}

const typeOf = (feature: Feature | undefined) =>
  feature === undefined
    ? null
    : {
        type: feature.type,
        nullable: feature.nullable,
        ...(feature.shape === undefined ? {} : { shape: feature.shape }),
      };

/** `value float32`, `probabilities float32[2] of [0,1]`: role, type, shape of one row (`?` is open), classes. */
function meaningOf({ role, type, shape }: OutputInfo, { classes }: Signature): string {
  const row = shape.slice(1).map((length) => length ?? '?');
  const ofRow = row.length === 0 ? '' : `[${row.join(',')}]`;
  const ofClasses = role === 'value' || classes === undefined ? '' : ` of ${JSON.stringify(classes)}`;
  return `${role} ${type}${ofRow}${ofClasses}`;
}

const lineageFields = lineage.keyof().options;

/** Fields that at least one version has. */
const lineageOf = (versions: readonly ComparedVersion[]): api.Comparison['lineage'] =>
  lineageFields.flatMap((field) => {
    const values = versions.map((version) => version.lineage[field] ?? null);
    return values.every((value) => value === null) ? [] : [{ field, values, same: allSame(values) }];
  });

/** Columns that are features of the first version in its order, then the others as the baselines have them. */
function baselinesOf(
  versions: readonly ComparedVersion[],
  profiles: readonly (ProfiledBaseline | null)[],
): api.Comparison['baselines'] {
  const ofVersions = versions.map((_, index) => profiles[index] ?? null);
  const profiled = ofVersions.map((profile) => (profile?.ok ? profile.value : new Map<string, api.FeatureProfile>()));
  const columns = new Set(keysOf(profiled));
  const features = (versions[0]?.signature.features ?? []).map(({ name }) => name).filter((name) => columns.has(name));
  return {
    references: versions.map(({ baseline }) => baseline),
    problems: ofVersions.map((profile) => (profile === null || profile.ok ? null : profile.rejection.detail)),
    features: [...new Set([...features, ...columns])].map((feature) => ({
      feature,
      profiles: profiled.map((profile) => profile.get(feature) ?? null),
    })),
  };
}

function latencyOf(version: ComparedVersion, traffic: readonly VersionTraffic[]): api.Comparison['latency'][number] {
  const found = traffic.find((one) => one.model === version.model_id && one.version === version.version);
  if (found === undefined) return null;
  const { served, failed, latency_sum_us, latency_min_us, latency_max_us } = found;
  const timed = served + failed;
  return {
    served,
    failed,
    mean_ms: timed === 0 ? null : latency_sum_us / timed / 1_000,
    min_ms: latency_min_us === null ? null : latency_min_us / 1_000,
    max_ms: latency_max_us === null ? null : latency_max_us / 1_000,
  };
}

/** Names of all records, sorted by code units: how a record was stored must not change the answer. */
const namesOf = (records: readonly (Readonly<Record<string, unknown>> | null)[]): string[] =>
  [...new Set(records.flatMap((record) => Object.keys(record ?? {})))].sort();

/** Null where the record lacks it; names such as `constructor` are names like any other. */
const valueOf = <T>(record: Readonly<Record<string, T>> | null, name: string): T | null =>
  record !== null && Object.hasOwn(record, name) ? record[name]! : null;

/** Keys of all maps in the order they are first met. */
const keysOf = (maps: readonly ReadonlyMap<string, unknown>[]): string[] => [
  ...new Set(maps.flatMap((map) => [...map.keys()])),
];

function distinctBy<T>(items: readonly T[], key: (item: T) => string): T[] {
  const byKey = new Map<string, T>();
  for (const item of items) if (!byKey.has(key(item))) byKey.set(key(item), item);
  return [...byKey.values()];
}

const allSame = (values: readonly unknown[]): boolean => new Set(values.map((value) => canonicalJson(value))).size <= 1;
