/** The trials of a search: told on OPERATIONS as each ends, kept whole as an artifact once the search has. */
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import { recordedTrial, subjects, trial, type StageResult, type Trial } from '#libs/contracts/index.js';
import { resultOf } from '#libs/domain/index.js';
import type { StreamStore } from '#libs/event-log/index.js';
import { winner } from '#libs/learning/index.js';
import type { Logger } from '#libs/nest/index.js';
import { orArtifactProblem } from '../artifacts/artifact-problem.js';
import { tokens } from '../tokens.js';

/** Most trials of one answer. */
export const shownTrials = 500;
/** Bytes of a search's record: 10,000 trials of 100 folds. */
const largestRecord = 64 * 1024 * 1024;
/** Jobs whose trials are remembered. */
const remembered = 32;

export interface TrialsSoFar {
  /** In order of their index, the first of them. */
  readonly trials: readonly Trial[];
  readonly best: Trial | null;
}

@Injectable()
export class JobTrials {
  private readonly running = new LRUCache<string, Told>({ max: remembered });
  private readonly ended = new LRUCache<string, TrialsSoFar>({ max: remembered });

  constructor(
    @Inject(tokens.operations) private readonly operations: StreamStore,
    @Inject(tokens.artifacts) private readonly artifacts: ArtifactStore,
    @Inject(tokens.logger) private readonly logger: Logger,
  ) {}

  /**
   * @param results what the job's stages left that had finished at the moment asked for
   * @param until of a search that had not: what was told later than this (milliseconds since the epoch) is left out
   * @throws ProblemException where the record cannot be read
   */
  async of(job: string, results: readonly StageResult[], until: number): Promise<TrialsSoFar> {
    const search = resultOf(results, 'search');
    if (search !== undefined) return this.recorded(search);
    const told = [...(await this.told(job)).trials.values()].filter(({ time }) => time <= until);
    const trials = told.map((each) => each.trial).sort((a, b) => a.index - b.index);
    return { trials: trials.slice(0, shownTrials), best: winner(trials) };
  }

  private async recorded({ record, best }: Extract<StageResult, { stage: 'search' }>): Promise<TrialsSoFar> {
    const known = this.ended.get(record);
    if (known !== undefined) return known;
    const bytes = await orArtifactProblem('search.record', () =>
      this.artifacts.read(record, { maxBytes: largestRecord }),
    );
    const trials = z.array(trial).parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    const found = {
      trials: trials.slice(0, shownTrials),
      best: trials.find(({ index }) => index === best.index) ?? null,
    };
    this.ended.set(record, found);
    return found;
  }

  /** What is known of a job is read on from, not again. The first of an index counts: a worker may repeat a trial. */
  private async told(job: string): Promise<Told> {
    const known = this.running.get(job) ?? { next: 1, trials: new Map<number, ToldTrial>() };
    const subject = subjects.trials(job);
    for (const { seq, time, data } of await this.operations.readSubject(subject, known.next, 'leader')) {
      known.next = Math.max(known.next, seq + 1);
      const read = recordedTrial.safeParse(json(data));
      if (!read.success) this.logger.warn({ subject, seq }, 'what is told of a trial cannot be read');
      else if (!known.trials.has(read.data.index))
        known.trials.set(read.data.index, { time, trial: trial.parse(read.data) });
    }
    this.running.set(job, known);
    return known;
  }
}

interface ToldTrial {
  /** When the server stored it, milliseconds since the epoch. */
  readonly time: number;
  readonly trial: Trial;
}

interface Told {
  /** OPERATIONS sequence from which to read on. */
  next: number;
  readonly trials: Map<number, ToldTrial>;
}

function json(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    return undefined;
  }
}
