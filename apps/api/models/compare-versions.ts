import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { api } from '#libs/contracts/index.js';
import { acceptedOrThrow } from '#libs/nest/index.js';
import type { ReadAt } from '#libs/projecting/index.js';
import type { RegistryQueries } from '#projections/registry/index.js';
import type { TrafficQueries } from '#projections/traffic/index.js';
import { tokens } from '../tokens.js';
import { BaselineProfiles } from './baseline-profiles.js';
import { comparisonOf } from './compare.js';
import type { NamedVersion } from './named-version.js';
import type { OneVersion } from './read-models.js';

export class CompareVersions extends Query<api.Comparison> {
  constructor(
    readonly versions: readonly NamedVersion[],
    readonly at: ReadAt,
  ) {
    super();
  }
}

@QueryHandler(CompareVersions)
export class CompareVersionsHandler implements IQueryHandler<CompareVersions> {
  constructor(
    @Inject(tokens.registry) private readonly registry: RegistryQueries,
    @Inject(tokens.predictions) private readonly predictions: TrafficQueries,
    @Inject(BaselineProfiles) private readonly profiles: BaselineProfiles,
  ) {}

  async execute({ versions: named, at }: CompareVersions): Promise<api.Comparison> {
    const versions = await this.versions(named, at);
    const as_of_seq = versions[0]!.as_of_seq;
    // Without a moment asked for, traffic is all that is recorded: it goes on while governance stands still.
    const traffic = acceptedOrThrow(
      await this.predictions.versionTraffic(
        versions.map(({ model_id, version }) => ({ model: model_id, version })),
        at.as_of === undefined ? { min_seq: as_of_seq } : at,
      ),
    );
    const profiles = [];
    for (const { baseline } of versions) profiles.push(baseline === null ? null : await this.profiles.of(baseline));
    return comparisonOf(versions, profiles, traffic.versions, {
      as_of_seq,
      as_of_cut: { events: as_of_seq, traffic: traffic.as_of_cut.traffic },
    });
  }

  /** All of the moment of the first. */
  private async versions(named: readonly NamedVersion[], at: ReadAt): Promise<OneVersion[]> {
    const versions: OneVersion[] = [];
    for (const { model, version } of named) {
      const first = versions[0];
      const moment: ReadAt = first === undefined ? at : { as_of: { seq: first.as_of_seq } };
      versions.push(acceptedOrThrow(await this.registry.getVersion(model, version, moment)));
    }
    return versions;
  }
}
