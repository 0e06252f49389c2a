/** The data sets that a request names, as the log and the stores have them. */
import { Inject, Injectable } from '@nestjs/common';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import {
  isVersion,
  rejection,
  versionReference,
  type api,
  type DataChecks,
  type TrainingSpec,
  type VersionReference,
} from '#libs/contracts/index.js';
import { datasetDefinition, findDatasetVersion } from '#libs/domain/index.js';
import type { AggregateStore, Consistency } from '#libs/event-log/index.js';
import { acceptedOrThrow, ProblemException } from '#libs/nest/index.js';
import type { TrainingQueries } from '#projections/training/index.js';
import { orArtifactProblem } from '../artifacts/artifact-problem.js';
import { DataLocations, knownFormat } from '../datasets/data-locations.js';
import { tokens } from '../tokens.js';
import { refused } from './refused.js';

@Injectable()
export class NamedDatasets {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(tokens.artifacts) private readonly artifacts: ArtifactStore,
    @Inject(tokens.training) private readonly training: TrainingQueries,
    @Inject(DataLocations) private readonly locations: DataLocations,
  ) {}

  /**
   * A version by its name: source and digest as they were registered. Bytes without a name: whether they may be read, and
   * of an artifact whether it is there.
   * @throws ProblemException
   */
  async of(given: api.StartTraining['dataset']): Promise<TrainingSpec['dataset']> {
    if ('id' in given) {
      const { name, version, source, digest } = await this.version(given.id, 'dataset.id');
      return { source, name, version, digest };
    }
    if ('artifact' in given) {
      knownFormat(given, 'dataset.format');
      const { digest } = await orArtifactProblem('dataset.artifact', () => this.artifacts.stat(given.artifact));
      return { source: given, name: null, version: null, digest };
    }
    knownFormat(given, 'dataset.format');
    await this.locations.fileOf(given.uri, 'dataset.uri');
    return { source: given, name: null, version: null, digest: null };
  }

  /** The checks with their expected schema written out, so that a job needs nothing but what it was requested with. */
  async writtenOut(checks: DataChecks): Promise<DataChecks> {
    if (checks.schema === undefined || 'columns' in checks.schema) return checks;
    const path = 'checks.schema.dataset';
    const reference = versionReference.safeParse(checks.schema.dataset);
    if (!reference.success) throw refused(path, reference.error.issues[0]!.message);
    const { name, version, seq } = await this.version(reference.data, path);
    const { schema } = acceptedOrThrow(await this.training.getDatasetVersion(name, version, { min_seq: seq }));
    return { ...checks, schema: { columns: schema.columns } };
  }

  private async version({ name, selector }: VersionReference, path: string) {
    if (!isVersion(selector)) throw refused(path, `expected ${name}@MAJOR.MINOR.PATCH, found '${selector}'`);
    const seen = await this.seen(name, selector, 'replica');
    // A replica may not have it yet: that it is not there is taken on the leader's word.
    const { found, seq } = seen.found === undefined ? await this.seen(name, selector, 'leader') : seen;
    if (found !== undefined) return { name, seq, ...found };
    const [code, message] =
      seq === 0
        ? (['dataset_not_found', `no data set is named '${name}'`] as const)
        : (['dataset_version_not_found', `${name} has no version ${selector}`] as const);
    throw new ProblemException({ ...rejection(code, message, [{ path, message }]), as_of_seq: seq });
  }

  private async seen(name: string, version: string, consistency: Consistency) {
    const { state, seq } = await this.store.load(datasetDefinition, name, { consistency });
    return { found: findDatasetVersion(state, version), seq };
  }
}
