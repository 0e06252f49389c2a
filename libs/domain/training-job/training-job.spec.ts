import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  eventCatalogue,
  trainingStages,
  type DataFinding,
  type Rejection,
  type TrainingEvent,
  type TrainingSpec,
} from '#libs/contracts/index.js';
import { laterBy, type Result } from '#libs/kernel/index.js';
import type { TrainingJobCommand } from './commands.js';
import { jobId, jobSpec, resultAt } from '../fixtures/training-job.js';
import { nextStage, resultOf, stagesOf } from './stages.js';
import { initialTrainingJob, type TrainingJobState } from './state.js';
import { trainingJob, trainingJobDefinition } from './training-job.js';

const start = '2026-11-23T12:00:00.000Z';
const second = 1000;
const incarnation = (n: number): string => `0e0e0e0e-0000-4000-8000-00000000000${n}`;

const request = (spec: TrainingSpec = jobSpec()): TrainingJobCommand => ({
  type: 'RequestTraining',
  job_id: jobId,
  spec,
});
const claim = (worker: string, life = 1): TrainingJobCommand => ({
  type: 'ClaimJob',
  worker,
  incarnation: incarnation(life),
});
const progress = (number: number, stage = trainingStages[0]!, done = 0.5): TrainingJobCommand => ({
  ...{ type: 'Progress', claim: number, stage, progress: done },
});
const finish = (number: number, stage = trainingStages[0]!): TrainingJobCommand => ({
  ...{ type: 'FinishStage', claim: number, result: resultAt(stage), duration_s: 1.5 },
});
const release = (number: number, reason: 'shutdown' | 'error' = 'shutdown'): TrainingJobCommand => ({
  ...{ type: 'Release', claim: number, reason },
});
const expire = (number: number): TrainingJobCommand => ({ type: 'ExpireClaim', claim: number });
const timeOut: TrainingJobCommand = { type: 'TimeOut' };
const cancel: TrainingJobCommand = { type: 'CancelTraining', reason: 'another idea' };
const fail = (number?: number): TrainingJobCommand => ({
  ...{ type: 'FailJob', code: 'dataset_unreadable', message: 'row 3 has 4 fields' },
  ...(number === undefined ? {} : { claim: number }),
});
const registered = { model: 'churn', version: '1.0.0', seq: 9 };
const conclude: TrainingJobCommand = { type: 'ConcludeJob', registered, reasons: [] };

/** A job and what was decided on it. */
class Story {
  state: TrainingJobState = initialTrainingJob;
  readonly events: TrainingEvent[] = [];
  outcome: Result<TrainingEvent, Rejection> | undefined;

  /** @param after milliseconds from the start */
  do(command: TrainingJobCommand, after = 0): this {
    const by = { actor: 'ada', at: laterBy(start, after) };
    this.outcome = trainingJob.decide(command, this.state, by);
    if (this.outcome.ok) {
      this.events.push(this.outcome.value);
      this.state = trainingJob.evolve(this.state, this.outcome.value, { ...by, seq: this.events.length });
    }
    return this;
  }
  all(...commands: TrainingJobCommand[]): this {
    for (const command of commands) {
      this.do(command);
      if (this.outcome?.ok !== true) throw new Error(JSON.stringify(this.outcome));
    }
    return this;
  }
  /** The type of the event, or the code of the refusal. */
  get told(): string {
    if (this.outcome === undefined) throw new Error('nothing was decided');
    return this.outcome.ok ? this.outcome.value.type : this.outcome.rejection.code;
  }
  get event(): TrainingEvent {
    if (this.outcome?.ok !== true) throw new Error(JSON.stringify(this.outcome));
    return this.outcome.value;
  }
  get refusal(): Rejection {
    if (this.outcome?.ok !== false) throw new Error(`accepted: ${JSON.stringify(this.outcome?.value)}`);
    return this.outcome.rejection;
  }
}

const requested = (spec?: TrainingSpec): Story => new Story().all(request(spec));
const finished = (): Story => requested().all(claim('a'), ...trainingStages.map((stage) => finish(1, stage)));

const situations = {
  unknown: () => new Story(),
  waiting: () => requested(),
  held: () => requested().all(claim('a')),
  finished,
  succeeded: () => finished().all(conclude),
  failed: () => requested().all(timeOut),
  cancelled: () => requested().all(cancel),
} satisfies Record<string, () => Story>;

const ended = { succeeded: 'job_ended', failed: 'job_ended', cancelled: 'job_ended' };
const missing = { unknown: 'job_not_found' };
const known = 'no_change';

describe('a training job', () => {
  it.each<[string, TrainingJobCommand, Record<keyof typeof situations, string>]>([
    [
      'RequestTraining',
      request(),
      {
        ...{ unknown: 'TrainingRequested', waiting: known, held: known, finished: known },
        ...{ succeeded: known, failed: known, cancelled: known },
      },
    ],
    [
      'ClaimJob',
      claim('b'),
      { ...missing, waiting: 'TrainingClaimed', held: 'job_claimed', finished: 'job_ended', ...ended },
    ],
    [
      'Progress',
      progress(1),
      { ...missing, waiting: 'claim_lost', held: 'TrainingProgressed', finished: 'claim_lost', ...ended },
    ],
    [
      'FinishStage',
      finish(1),
      { ...missing, waiting: 'claim_lost', held: 'TrainingStageFinished', finished: 'claim_lost', ...ended },
    ],
    [
      'Release',
      release(1),
      { ...missing, waiting: 'claim_lost', held: 'TrainingReleased', finished: 'claim_lost', ...ended },
    ],
    [
      'ExpireClaim',
      expire(1),
      { ...missing, waiting: 'claim_lost', held: 'TrainingReleased', finished: 'claim_lost', ...ended },
    ],
    [
      'FailJob of a worker',
      fail(1),
      { ...missing, waiting: 'claim_lost', held: 'TrainingFailed', finished: 'claim_lost', ...ended },
    ],
    [
      'FailJob of a process manager',
      fail(),
      { ...missing, waiting: 'TrainingFailed', held: 'TrainingFailed', finished: 'TrainingFailed', ...ended },
    ],
    [
      'TimeOut',
      timeOut,
      { ...missing, waiting: 'TrainingFailed', held: 'TrainingFailed', finished: 'job_ended', ...ended },
    ],
    [
      'ConcludeJob',
      conclude,
      { ...missing, waiting: 'claim_lost', held: 'claim_lost', finished: 'TrainingSucceeded', ...ended },
    ],
    [
      'CancelTraining',
      cancel,
      { ...missing, waiting: 'TrainingCancelled', held: 'TrainingCancelled', finished: 'job_ended', ...ended },
    ],
  ])('answers %s by what has become of it', (_name, command, expected) => {
    const told = Object.entries(situations).map(([name, made]) => [name, made().do(command, 60 * second).told]);
    expect(Object.fromEntries(told)).toEqual(expected);
  });

  it('keeps what was requested, by whom and where', () => {
    expect(requested().state).toEqual({
      ...initialTrainingJob,
      requested: { job_id: jobId, spec: jobSpec(), at: start, actor: 'ada', seq: 1 },
    });
  });
});

describe('a claim', () => {
  it('is numbered, names its worker and the stage it begins with, and holds for the time that the job says', () => {
    const story = requested(jobSpec({ claim_s: 0.5 })).do(claim('a', 2), 10 * second);
    expect(story.event).toEqual({
      type: 'TrainingClaimed',
      data: {
        ...{ job_id: jobId, claim: 1, worker: 'a', incarnation: incarnation(2), stage: 'ingest' },
        expires_at: laterBy(start, 10_500),
      },
    });
    expect(story.all(finish(1), release(1)).do(claim('b')).event).toMatchObject({
      data: { claim: 2, worker: 'b', stage: 'validate' },
    });
  });

  it('is refused to another worker, and to the same one a second time, naming who has it until when', () => {
    const story = requested().all(claim('a'));
    for (const other of [claim('b'), claim('b', 2), claim('a')])
      expect(story.do(other).refusal).toEqual({
        code: 'job_claimed',
        detail: `a has job ${jobId} until ${laterBy(start, 60 * second)}`,
      });
  });

  it('is not free for others before its expiry is in the log, however late it is', () => {
    expect(
      requested()
        .all(claim('a'))
        .do(claim('b'), 3600 * second).refusal.code,
    ).toBe('job_claimed');
  });

  it('is taken back by a worker that was restarted, and the former life has nothing to say any more', () => {
    const story = requested()
      .all(claim('a'), finish(1))
      .do(claim('a', 2), 5 * second);
    expect(story.event).toMatchObject({ data: { claim: 2, incarnation: incarnation(2), stage: 'validate' } });
    for (const late of [progress(1), finish(1, 'validate'), release(1), expire(1), fail(1)])
      expect(story.do(late, 60 * second).refusal).toEqual({
        code: 'claim_lost',
        detail: `claim 1 of job ${jobId} is over: a has it by claim 2`,
      });
    expect(story.do(finish(2, 'validate')).told).toBe('TrainingStageFinished');
  });

  it('that is over is refused also while nobody has the job', () => {
    expect(requested().all(claim('a'), release(1)).do(finish(1)).refusal).toEqual({
      code: 'claim_lost',
      detail: `claim 1 of job ${jobId} is over: nobody has it`,
    });
  });

  it.each([
    ['before', 59_999, 'claim_not_expired'],
    ['at', 60_000, 'TrainingReleased'],
    ['after', 60_001, 'TrainingReleased'],
  ])('%s its instant of expiry is judged by that instant', (_when, after, expected) => {
    expect(requested().all(claim('a')).do(expire(1), after).told).toBe(expected);
  });

  it.each([
    ['progress', progress(1)],
    ['a finished stage', finish(1)],
  ])('holds longer with %s', (_what, word) => {
    const story = requested()
      .all(claim('a'))
      .do(word, 40 * second);
    expect(story.event).toMatchObject({ data: { expires_at: laterBy(start, 100 * second) } });
    expect(story.do(expire(1), 99 * second).refusal).toEqual({
      code: 'claim_not_expired',
      detail: `claim 1 of job ${jobId} holds until ${laterBy(start, 100 * second)}`,
    });
    expect(story.do(expire(1), 100 * second).event).toMatchObject({ data: { claim: 1, reason: 'expired' } });
  });

  it('of a worker that comes back too late, but before its expiry is in the log, still counts', () => {
    const story = requested()
      .all(claim('a'))
      .do(progress(1), 300 * second);
    expect(story.do(expire(1), 301 * second).refusal.code).toBe('claim_not_expired');
  });

  it('takes a word on a stage that finished meanwhile as a sign of life', () => {
    const story = requested().all(claim('a'), progress(1, 'ingest', 0.25));
    expect(story.event).toMatchObject({ data: { stage: 'ingest', progress: 0.25 } });
    story.all(finish(1), progress(1, 'ingest', 0.9));
    expect(story.event).toMatchObject({ data: { stage: 'validate', progress: 0 } });
  });
});

describe('attempts', () => {
  /** Claims that end in a crash and the claim's expiry, by a new worker each. */
  const crash = (story: Story, times: number): Story => {
    for (let n = 0; n < times; n++) {
      const number = story.state.claims + 1;
      story.all(claim(`w${number}`)).do(expire(number), 60 * second);
    }
    return story;
  };

  it('that end without a finished stage are counted, and one too many fails the job', () => {
    const story = crash(requested(), 3);
    expect(story.state).toMatchObject({ claims: 3, attempts: 3, ended: null });
    expect(story.do(claim('d')).event).toEqual({
      type: 'TrainingFailed',
      data: {
        ...{ job_id: jobId, stage: 'ingest', code: 'too_many_attempts' },
        message: "3 workers in a row took the job and did not finish stage 'ingest'",
      },
    });
  });

  it('of a worker that is restarted again and again are counted', () => {
    const story = requested().all(claim('a', 1), claim('a', 2), claim('a', 3));
    expect(story.do(claim('a', 4)).event).toMatchObject({ data: { code: 'too_many_attempts' } });
  });

  it('begin anew with every finished stage, of which the worker that goes on is the first', () => {
    const story = crash(requested(), 2).all(claim('c'), finish(3));
    expect(story.state.attempts).toBe(1);
    expect(crash(story.all(release(3)), 3).state.attempts).toBe(3);
    expect(story.do(claim('d')).event).toMatchObject({
      data: { code: 'too_many_attempts', stage: 'validate' },
    });
  });

  it('that a worker gave up for an error count as those that ran out', () => {
    const story = requested(jobSpec({ max_attempts: 2 })).all(claim('a'), release(1, 'error'));
    expect(story.event).toMatchObject({ type: 'TrainingReleased', data: { claim: 1, reason: 'error' } });
    expect(story.all(claim('b'), release(2, 'error')).state).toMatchObject({ attempts: 2, claim: null });
    expect(story.do(claim('c')).event).toMatchObject({ data: { code: 'too_many_attempts' } });
  });

  it('that a worker gave back in order do not count', () => {
    const story = requested(jobSpec({ max_attempts: 1 }));
    for (let n = 1; n <= 5; n++) story.all(claim('a', n), release(n));
    expect(story.state).toMatchObject({ claims: 5, attempts: 0, claim: null });
    expect(story.event).toMatchObject({ type: 'TrainingReleased', data: { reason: 'shutdown' } });
    story.all(claim('a'), finish(6), release(6), claim('b'));
    expect(story.state.attempts).toBe(1);
  });
});

describe('stages', () => {
  it('finish in their order, and no other is taken', () => {
    const story = requested().all(claim('a'));
    for (const [index, stage] of trainingStages.entries()) {
      for (const other of trainingStages.filter((each) => each !== stage))
        expect(story.do(finish(1, other)).refusal).toEqual({
          code: 'claim_lost',
          detail: `the next stage of job ${jobId} is ${stage}, not ${other}`,
        });
      story.all(finish(1, stage));
      expect(story.state.claim?.stage).toBe(trainingStages[index + 1]);
    }
    expect(story.state).toMatchObject({ claim: null, ended: null });
    expect(story.state.results.map((result) => result.stage)).toEqual(trainingStages);
    expect(resultOf(story.state.results, 'evaluate')).toEqual(resultAt('evaluate'));
    expect(resultOf(situations.held().state.results, 'evaluate')).toBeUndefined();
  });

  it('leave the search out where none is asked for', () => {
    const spec = jobSpec({ search: null });
    expect(stagesOf(spec)).toEqual(['ingest', 'validate', 'train', 'evaluate', 'package']);
    const story = requested(spec).all(claim('a'), finish(1), finish(1, 'validate'));
    expect(nextStage(spec, story.state.results)).toBe('train');
    expect(story.do(finish(1, 'search')).refusal.code).toBe('claim_lost');
    story.all(finish(1, 'train'), finish(1, 'evaluate'), finish(1, 'package'), conclude);
    expect(story.state.ended).toBe('succeeded');
  });

  it('are gone on with by another worker where the former one left off', () => {
    const story = requested()
      .all(claim('a'), finish(1), finish(1, 'validate'))
      .do(expire(1), 60 * second);
    expect(story.do(claim('b')).event).toMatchObject({ data: { claim: 2, stage: 'search' } });
    expect(story.do(finish(2, 'search')).told).toBe('TrainingStageFinished');
  });
});

describe('the end', () => {
  it('comes with the version, or with the reasons why there is none', () => {
    expect(finished().do(conclude).event).toEqual({
      type: 'TrainingSucceeded',
      data: { job_id: jobId, registered, reasons: [] },
    });
    const reasons = ['auc is 0.71, expected at least 0.8'];
    expect(finished().do({ type: 'ConcludeJob', registered: null, reasons }).event).toMatchObject({
      data: { registered: null, reasons },
    });
  });

  it.each(trainingStages.map((stage, index) => [stage, index] as const))(
    'cannot be concluded while %s is open, and may be cut off',
    (stage, index) => {
      const open = (): Story =>
        requested().all(claim('a'), ...trainingStages.slice(0, index).map((each) => finish(1, each)));
      expect(open().do(conclude).refusal.detail).toBe(`job ${jobId} has not finished stage '${stage}'`);
      expect(open().do(timeOut).event).toMatchObject({
        data: { stage, code: 'timed_out', message: 'the job did not end within 3600 s' },
      });
      expect(open().do(cancel).event).toEqual({
        type: 'TrainingCancelled',
        data: { job_id: jobId, reason: 'another idea' },
      });
      expect(open().do(fail(1)).event).toMatchObject({ data: { stage, code: 'dataset_unreadable' } });
    },
  );

  it('is not cut off once the stages have finished: the version may be registered by then', () => {
    for (const late of [timeOut, cancel])
      expect(finished().do(late).refusal).toEqual({
        code: 'job_ended',
        detail: `job ${jobId} has finished its stages and is being concluded`,
      });
    expect(finished().do(fail()).event).toMatchObject({ data: { stage: null } });
  });

  it('tells findings, and no more text than an event and a read model can hold', () => {
    const finding: DataFinding = {
      ...{ check: 'unique', severity: 'error', column: 'id', message: 'twice', rows: 2, examples: [3, 4] },
    };
    const story = situations.held().do({
      ...{ type: 'FailJob', claim: 1, code: 'command_failed' },
      message: `\u0000${'x'.repeat(8190)}\u{1f600}`,
      findings: Array.from({ length: 300 }, () => finding),
    });
    expect(story.event).toMatchObject({ data: { message: `\ufffd${'x'.repeat(8190)}\ufffd` } });
    const { data } = story.event;
    expect('findings' in data && data.findings).toHaveLength(200);
    expectStorable(story.event);
  });
});

const expectStorable = (event: TrainingEvent): void => {
  expect(eventCatalogue.get(event.type)!.schema.parse(JSON.parse(JSON.stringify(event.data)))).toEqual(event.data);
};

/** A command that may depend on how far the job is, so that random ones get anywhere. */
type Move = (state: TrainingJobState) => TrainingJobCommand;

const anyNumber = fc.integer({ min: 1, max: 5 });
const anyClaim = fc.oneof(
  { weight: 4, arbitrary: fc.constant((state: TrainingJobState) => Math.max(1, state.claims)) },
  { weight: 1, arbitrary: anyNumber.map((number) => () => number) },
);
const anyStage = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constant((state: TrainingJobState) =>
      state.requested === null ? 'ingest' : (nextStage(state.requested.spec, state.results) ?? 'package'),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(...trainingStages).map((stage) => () => stage) },
);
const anyMove: fc.Arbitrary<Move> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<Move>(() => request(jobSpec({ search: null }))) },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom('a', 'b'), fc.integer({ min: 1, max: 3 })).map(
      ([worker, life]): Move =>
        () =>
          claim(worker, life),
    ),
  },
  {
    weight: 12,
    arbitrary: fc.tuple(anyClaim, anyStage).map(
      ([number, stage]): Move =>
        (state) =>
          finish(number(state), stage(state)),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(anyClaim, anyStage, fc.double({ min: 0, max: 1, noNaN: true })).map(
      ([number, stage, done]): Move =>
        (state) =>
          progress(number(state), stage(state), done),
    ),
  },
  {
    weight: 2,
    arbitrary: anyClaim.map(
      (number): Move =>
        (state) =>
          release(number(state)),
    ),
  },
  {
    weight: 2,
    arbitrary: anyClaim.map(
      (number): Move =>
        (state) =>
          expire(number(state)),
    ),
  },
  {
    weight: 1,
    arbitrary: anyClaim.map(
      (number): Move =>
        (state) =>
          fail(number(state)),
    ),
  },
  { weight: 2, arbitrary: fc.constant<Move>(() => conclude) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(timeOut, cancel).map(
      (command): Move =>
        () =>
          command,
    ),
  },
);

/** Told by the log alone, not by the state under test. */
function expectLawful(events: readonly TrainingEvent[]): void {
  let holder: { number: number; worker: string; incarnation: string } | null = null;
  let claims = 0;
  const stages: string[] = [];
  for (const [index, { type, data }] of events.entries()) {
    expect(type === 'TrainingRequested').toBe(index === 0);
    if (type === 'TrainingClaimed') {
      claims += 1;
      expect(data.claim).toBe(claims);
      if (holder !== null) {
        expect(data.worker).toBe(holder.worker);
        expect(data.incarnation).not.toBe(holder.incarnation);
      }
      holder = { number: data.claim, worker: data.worker, incarnation: data.incarnation };
    }
    if (type === 'TrainingProgressed' || type === 'TrainingStageFinished' || type === 'TrainingReleased')
      expect(data.claim).toBe(holder?.number);
    if (type === 'TrainingStageFinished') stages.push(data.result.stage);
    if (type === 'TrainingReleased' || stages.at(-1) === 'package') holder = null;
    if (type === 'TrainingSucceeded') expect(stages.at(-1)).toBe('package');
    if (type === 'TrainingSucceeded' || type === 'TrainingFailed' || type === 'TrainingCancelled')
      expect(index).toBe(events.length - 1);
  }
  expect(stages).toEqual(stagesOf({ search: null }).slice(0, stages.length));
}

it('after any commands at any instants: one claim at a time, stages in order and once, one end, snapshots whole', () => {
  const anyTime = fc.integer({ min: -100, max: 200 }).map((seconds) => seconds * second);
  fc.assert(
    fc.property(fc.array(fc.tuple(anyMove, anyTime), { maxLength: 40 }), (moves) => {
      const story = new Story();
      story.all(request(jobSpec({ search: null })));
      for (const [move, after] of moves) {
        const before = story.state;
        const command = move(before);
        story.do(command, after);
        expect(trainingJob.decide(command, before, { actor: 'ada', at: laterBy(start, after) })).toEqual(story.outcome);
        if (story.outcome?.ok === true) expectStorable(story.event);
        const { encode, decode } = trainingJobDefinition.snapshot;
        expect(decode(JSON.parse(JSON.stringify(encode(story.state))))).toEqual(story.state);
      }
      expectLawful(story.events);
    }),
  );
});
