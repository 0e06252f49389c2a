import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { z } from 'zod';
import { ArtifactDamaged, ArtifactNotFound, ArtifactTooLarge, type ArtifactStore } from '#libs/artifacts/index.js';
import { baselineFormat, type baseline } from '#libs/contracts/index.js';
import { reject } from '#libs/kernel/index.js';
import { artifactProblem } from '../artifacts/artifact-problem.js';
import { limits } from '../catalogue/limits.js';
import type { DatasetProfiler } from '../datasets/dataset-profiler.js';
import { tokens } from '../tokens.js';
import type { ProfiledBaseline } from './compare.js';

const remembered = 64;
/** Bytes of a training job's baseline: 5,000 rows of 1,000 columns, and the profiles of the columns. */
const largestTrained = 128 * 1024 * 1024;

/** What the columns of baselines hold. A digest's profile never changes: it is read once. */
@Injectable()
export class BaselineProfiles {
  private readonly known = new LRUCache<string, Extract<ProfiledBaseline, { ok: true }>>({ max: remembered });

  constructor(
    @Inject(tokens.artifacts) private readonly artifacts: ArtifactStore,
    @Inject(tokens.profiler) private readonly profiler: DatasetProfiler,
  ) {}

  /** The profile, or why there is none. @throws ProblemException `unavailable` */
  async of({ artifact, format }: z.infer<typeof baseline>): Promise<ProfiledBaseline> {
    const key = `${format} ${artifact}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const { bytes, cells } = limits.dataset;
    const maxBytes = format === baselineFormat ? largestTrained : bytes;
    try {
      const profiled = await this.profiler.profile({
        read: () => this.artifacts.read(artifact, { maxBytes }),
        ...{ format, limits: { cells } },
      });
      if (profiled.ok) this.known.set(key, profiled);
      return profiled;
    } catch (error) {
      if (isOfTheArtifact(error)) return reject({ detail: error.message });
      throw artifactProblem('versions', error);
    }
  }
}

const isOfTheArtifact = (error: unknown): error is Error =>
  error instanceof ArtifactNotFound || error instanceof ArtifactDamaged || error instanceof ArtifactTooLarge;
