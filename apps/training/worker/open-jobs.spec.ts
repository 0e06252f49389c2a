import { describe, expect, it } from '@jest/globals';
import type { GovernanceEvent, RecordedEvent, TrainingEvent } from '#libs/contracts/index.js';
import { OpenJobs } from './open-jobs.js';

const [jobA, jobB] = ['0190f0aa-0000-7000-8000-00000000000a', '0190f0aa-0000-7000-8000-00000000000b'];
const [first, second] = ['0190f0aa-0000-7000-8000-000000000001', '0190f0aa-0000-7000-8000-000000000002'];

/** Records as the log gives them; only what is folded is filled in. */
function folded(...events: readonly unknown[]): OpenJobs {
  const jobs = new OpenJobs();
  jobs.fold(events.map((event, index) => ({ seq: index + 1, event }) as RecordedEvent<GovernanceEvent>));
  return jobs;
}
const requested = (job_id: string) => ({ type: 'TrainingRequested', data: { job_id } });
const claimed = (job_id: string, claim: number, worker: string, incarnation = first) => ({
  type: 'TrainingClaimed',
  data: { job_id, claim, worker, incarnation },
});
const of = (type: TrainingEvent['type'], job_id: string, data = {}) => ({ type, data: { job_id, ...data } });

describe('OpenJobs', () => {
  it('gives jobs that nobody has, the oldest first', () => {
    const jobs = folded(requested(jobB), requested(jobA), { type: 'ModelArchived', data: {} });
    expect(jobs.claimable('w', first)).toEqual([jobB, jobA]);
    expect(jobs.sequence).toBe(3);
  });

  it('gives a job of another worker only when that has let go of it', () => {
    const taken = [requested(jobA), claimed(jobA, 1, 'v')];
    expect(folded(...taken).claimable('w', first)).toEqual([]);
    expect(folded(...taken, of('TrainingReleased', jobA)).claimable('w', first)).toEqual([jobA]);
  });

  it('gives back to a worker what its former process had, and not what it has itself', () => {
    const jobs = folded(requested(jobA), claimed(jobA, 1, 'w', first));
    expect(jobs.claimable('w', second)).toEqual([jobA]);
    expect(jobs.claimable('w', first)).toEqual([]);
  });

  it.each(['TrainingSucceeded', 'TrainingFailed', 'TrainingCancelled'] as const)('forgets a job with %s', (type) => {
    const jobs = folded(requested(jobA), of(type, jobA));
    expect(jobs.claimable('w', first)).toEqual([]);
    expect(jobs.holds(jobA, { number: 1, seq: 1 })).toBe(false);
  });

  it('knows whether a claim still stands', () => {
    const taken = [requested(jobA), claimed(jobA, 1, 'v')];
    expect(folded(...taken).holds(jobA, { number: 1, seq: 2 })).toBe(true);
    const released = [...taken, of('TrainingReleased', jobA)];
    expect(folded(...released).holds(jobA, { number: 1, seq: 2 })).toBe(false);
    expect(folded(...released, claimed(jobA, 2, 'w')).holds(jobA, { number: 1, seq: 2 })).toBe(false);
  });

  it('does not miss a claim that it has not read yet', () => {
    const released = [requested(jobA), claimed(jobA, 1, 'v'), of('TrainingReleased', jobA)];
    // Other records come between what was read when the job was claimed and the claim.
    const before = folded(...released, requested(jobB));
    expect(before.holds(jobA, { number: 2, seq: 5 })).toBe(true);
    expect(folded(...released, requested(jobB), claimed(jobA, 2, 'w')).holds(jobA, { number: 2, seq: 5 })).toBe(true);
  });

  it('has nothing to give behind the last stage', () => {
    const finished = of('TrainingStageFinished', jobA, { result: { stage: 'package' } });
    const jobs = folded(requested(jobA), claimed(jobA, 1, 'w'), finished);
    expect(jobs.claimable('w', second)).toEqual([]);
    expect(jobs.holds(jobA, { number: 1, seq: 2 })).toBe(true);
  });
});
