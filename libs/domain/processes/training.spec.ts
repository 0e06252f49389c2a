import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { trainingStages, type StageResult, type TrainingEvent, type TrainingStage } from '#libs/contracts/index.js';
import { laterBy, type CommandOutcome, type ProcessMessage, type Reaction } from '#libs/kernel/index.js';
import { jobId, jobSpec, resultAt } from '../fixtures/training-job.js';
import type { TrainingJobCommand } from '../training-job/commands.js';
import { nextStage, stagesOf } from '../training-job/stages.js';
import type { TrainingJobState } from '../training-job/state.js';
import { trainingJob } from '../training-job/training-job.js';
import {
  trainingProcess,
  trainingProcessCommand,
  trainingProcessState,
  type TrainingProcessCommand,
  type TrainingProcessState,
} from './training.js';

const start = '2026-11-23T12:00:00.000Z';
const at = (seconds: number): string => laterBy(start, seconds * 1000);
const incarnation = '0e0e0e0e-0000-4000-8000-000000000001';

type Message = ProcessMessage<TrainingEvent, TrainingProcessCommand>;
type Reacted = Reaction<TrainingProcessCommand> | null;

const requested: TrainingEvent = { type: 'TrainingRequested', data: { job_id: jobId, spec: jobSpec() } };
const claimed = (claim: number, expires_at: string): TrainingEvent => ({
  type: 'TrainingClaimed',
  data: { job_id: jobId, claim, worker: 'a', incarnation, stage: 'ingest', expires_at },
});
const progressed = (claim: number, expires_at: string): TrainingEvent => ({
  type: 'TrainingProgressed',
  data: { job_id: jobId, claim, stage: 'ingest', progress: 0.5, expires_at },
});
const finished = (claim: number, result: StageResult, expires_at = at(60)): TrainingEvent => ({
  type: 'TrainingStageFinished',
  data: { job_id: jobId, claim, result, duration_s: 1, expires_at },
});
const released = (claim: number): TrainingEvent => ({
  type: 'TrainingReleased',
  data: { job_id: jobId, claim, reason: 'shutdown' },
});
const packaged = finished(1, resultAt('package'));

const expireClaim = (claim: number): TrainingProcessCommand => ({ type: 'ExpireClaim', job_id: jobId, claim });
const timeOut: TrainingProcessCommand = { type: 'TimeOut', job_id: jobId };
const registerVersion: TrainingProcessCommand = { type: 'RegisterTrainedVersion', job_id: jobId };

/** A process, what it was told, and what it does about the last of it. */
class Story {
  state: TrainingProcessState = trainingProcess.initialState;
  reaction: Reacted = null;
  seq = 0;

  /** @param now seconds from the start */
  told(message: Message, now = 0): this {
    this.reaction = trainingProcess.react(message, this.state, at(now), jobId);
    if (this.reaction !== null) this.state = trainingProcess.evolve(this.state, message);
    return this;
  }
  events(...events: TrainingEvent[]): this {
    for (const event of events) this.told({ kind: 'event', event, seq: ++this.seq });
    return this;
  }
  timer(name: 'claim' | 'limit', now: number): this {
    return this.told({ kind: 'timer', name, dueAt: at(now) }, now);
  }
  settled(command: TrainingProcessCommand, outcome: CommandOutcome, now = 0): this {
    return this.told({ kind: 'settlement', command, outcome }, now);
  }
}

const running = (): Story => new Story().events(requested, claimed(1, at(60)));
const accepted = (result: Readonly<Record<string, unknown>> = {}): CommandOutcome => ({
  ...{ status: 'accepted', seq: 12, result },
});
const refused = (code: string): CommandOutcome => ({ status: 'rejected', code, detail: `because of ${code}` });

describe('the process of a training job', () => {
  it('is the one of its job', () => {
    for (const event of [requested, claimed(1, at(60)), packaged]) expect(trainingProcess.idOf(event)).toBe(jobId);
  });

  it('watches the limit of the whole job from its request on', () => {
    expect(new Story().told({ kind: 'event', event: requested, seq: 1 }, 5).reaction).toEqual({
      timers: { limit: at(3605) },
    });
  });

  it.each<[string, TrainingEvent, Reacted]>([
    ['a claim', claimed(2, at(70)), { timers: { claim: at(70) } }],
    ['progress', progressed(1, at(80)), { timers: { claim: at(80) } }],
    ['a finished stage', finished(1, resultAt('ingest'), at(90)), { timers: { claim: at(90) } }],
    ['a release', released(1), { timers: { claim: null } }],
    [
      'success',
      { type: 'TrainingSucceeded', data: { job_id: jobId, registered: null, reasons: [] } },
      { ended: 'succeeded' },
    ],
    [
      'failure',
      { type: 'TrainingFailed', data: { job_id: jobId, stage: null, code: 'timed_out', message: '' } },
      { ended: 'failed: timed_out' },
    ],
    ['a cancel', { type: 'TrainingCancelled', data: { job_id: jobId, reason: 'x' } }, { ended: 'cancelled' }],
  ])('answers %s', (_what, event, expected) => {
    expect(running().events(event).reaction).toEqual(expected);
  });
});

describe('a claim that runs out', () => {
  it('is expired by its number', () => {
    expect(running().timer('claim', 60).reaction).toEqual({ commands: [expireClaim(1)] });
    expect(
      running()
        .events(released(1), claimed(2, at(90)))
        .timer('claim', 90).reaction,
    ).toEqual({
      commands: [expireClaim(2)],
    });
  });

  it('is nothing to act on where nobody has the job by now', () => {
    expect(running().events(released(1)).timer('claim', 60).reaction).toEqual({});
  });

  it.each([
    ['accepted', accepted()],
    ['refused as a former one', refused('claim_lost')],
    ['refused as the job has ended', refused('job_ended')],
  ])('is done with once that is %s', (_how, outcome) => {
    expect(running().timer('claim', 60).settled(expireClaim(1), outcome, 61).reaction).toEqual({});
  });

  it('is watched again where it was found to hold, a second later', () => {
    const found = running().timer('claim', 60).settled(expireClaim(1), refused('claim_not_expired'), 61);
    expect(found.reaction).toEqual({ timers: { claim: at(62) } });
    expect(found.timer('claim', 62).reaction).toEqual({ commands: [expireClaim(1)] });
  });

  it('is watched until the instant that the worker has moved it to meanwhile', () => {
    const found = running()
      .timer('claim', 60)
      .events(progressed(1, at(119)));
    expect(found.settled(expireClaim(1), refused('claim_not_expired'), 61).reaction).toEqual({
      timers: { claim: at(119) },
    });
  });

  it('found to hold is not watched when it is over, or another one is watched, by then', () => {
    const late = (story: Story): Reacted => story.settled(expireClaim(1), refused('claim_not_expired'), 61).reaction;
    expect(late(running().timer('claim', 60).events(released(1)))).toEqual({});
    expect(
      late(
        running()
          .timer('claim', 60)
          .events(released(1), claimed(2, at(120))),
      ),
    ).toEqual({});
    expect(late(running().timer('claim', 60).events(packaged))).toEqual({});
  });
});

describe('the end of the stages', () => {
  it('registers a version that passed the gate, and concludes with it', () => {
    const story = running().events(packaged);
    expect(story.reaction).toEqual({ timers: { claim: null }, commands: [registerVersion] });
    story.settled(registerVersion, accepted({ model: 'churn', version: '1.2.0', event_id: 'e' }));
    expect(story.reaction).toEqual({
      commands: [
        {
          ...{ type: 'ConcludeJob', job_id: jobId, reasons: [] },
          registered: { model: 'churn', version: '1.2.0', seq: 12 },
        },
      ],
    });
    expect(
      story.settled({ type: 'ConcludeJob', job_id: jobId, registered: null, reasons: [] }, accepted()).reaction,
    ).toEqual({});
  });

  it('concludes at once where the gate was not passed', () => {
    const gate = { passed: false, reasons: ['auc is 0.71, expected at least 0.8'] };
    expect(running().events(finished(1, resultAt('package', gate))).reaction).toEqual({
      timers: { claim: null },
      commands: [{ type: 'ConcludeJob', job_id: jobId, registered: null, reasons: gate.reasons }],
    });
  });

  it('fails the job with what refused the registration', () => {
    expect(running().events(packaged).settled(registerVersion, refused('signature_mismatch')).reaction).toEqual({
      commands: [
        { type: 'FailJob', job_id: jobId, code: 'signature_mismatch', message: 'because of signature_mismatch' },
      ],
    });
  });

  it('is left alone by timers that strike after it', () => {
    const story = running().events(packaged);
    expect(story.timer('limit', 3600).reaction).toEqual({});
    expect(story.timer('claim', 60).reaction).toEqual({});
  });
});

describe('the limit of the job', () => {
  it.each([
    ['while it waits', () => new Story().events(requested)],
    ['while it is worked on', running],
    ['between two workers', () => running().events(released(1))],
  ])('ends it %s', (_when, story) => {
    expect(story().timer('limit', 3600).reaction).toEqual({ commands: [timeOut] });
    expect(story().timer('limit', 3600).settled(timeOut, refused('job_ended')).reaction).toEqual({});
  });
});

/**
 * A job on a log, its process as a runner drives it, and workers that may be restarted, each with a clock of its own. The
 * process is behind the log by as much as it was not fed; its commands are carried out and settled some time later.
 */
class World {
  readonly log: TrainingEvent[] = [];
  job: TrainingJobState = trainingJob.initialState;
  process: TrainingProcessState = trainingProcess.initialState;
  ended: string | null = null;
  registrations = 0;
  /** Events and steps of the process. */
  steps = 0;
  #fed = 0;
  /** Seconds of the clock that the process lives by. */
  #now = 0;
  readonly #timers = new Map<string, string>();
  readonly #open: { command: TrainingProcessCommand; outcome?: CommandOutcome }[] = [];
  readonly #registrable: boolean;

  constructor(registrable: boolean) {
    this.#registrable = registrable;
    this.decide({ type: 'RequestTraining', job_id: jobId, spec: jobSpec({ search: null }) }, 0);
  }

  decide(command: TrainingJobCommand, seconds: number): CommandOutcome {
    const by = { actor: 'ada', at: at(seconds) };
    const outcome = trainingJob.decide(command, this.job, by);
    if (!outcome.ok) return { status: 'rejected', ...outcome.rejection };
    const seq = this.log.push(outcome.value);
    this.job = trainingJob.evolve(this.job, outcome.value, { ...by, seq });
    return { status: 'accepted', seq, result: {} };
  }

  pass(seconds: number): void {
    this.#now = Math.max(0, this.#now + seconds);
    for (const [name, due] of [...this.#timers])
      if (due <= at(this.#now) && this.#timers.get(name) === due) {
        this.#timers.delete(name);
        this.#take({ kind: 'timer', name, dueAt: due });
      }
  }

  feed(): boolean {
    const event = this.log[this.#fed];
    if (event === undefined) return false;
    this.#fed += 1;
    this.#take({ kind: 'event', event, seq: this.#fed });
    return true;
  }

  /** Carries out one of the open commands; one whose settlement was lost is repeated, and meets its first outcome. */
  execute(choice: number): boolean {
    const one = this.#open[choice % Math.max(1, this.#open.length)];
    if (one === undefined) return false;
    one.outcome ??= this.#carryOut(one.command);
    return true;
  }

  settle(choice: number): boolean {
    const done = this.#open.filter(({ outcome }) => outcome !== undefined);
    const one = done[choice % Math.max(1, done.length)];
    if (one?.outcome === undefined) return false;
    this.#open.splice(this.#open.indexOf(one), 1);
    this.#take({ kind: 'settlement', command: one.command, outcome: one.outcome });
    return true;
  }

  /** No worker is left: until the process has nothing to do and waits for nothing. */
  comeToRest(): void {
    for (;;) {
      while (this.feed() || (this.execute(0) && this.settle(0)));
      const next = [...this.#timers.values()].sort()[0];
      if (next === undefined) return;
      this.pass(Math.max(0, (Date.parse(next) - Date.parse(at(this.#now))) / 1000));
    }
  }

  #carryOut(command: TrainingProcessCommand): CommandOutcome {
    switch (command.type) {
      case 'RegisterTrainedVersion':
        if (!this.#registrable) return refused('signature_mismatch');
        this.registrations += 1;
        return { status: 'accepted', seq: 1000, result: { model: 'churn', version: '1.0.0' } };
      case 'ExpireClaim':
      case 'TimeOut':
      case 'ConcludeJob':
      case 'FailJob':
        return this.decide(command, this.#now);
    }
  }

  #take(message: Message): void {
    if (this.ended !== null && message.kind !== 'settlement') return;
    const reaction = trainingProcess.react(message, this.process, at(this.#now), jobId);
    if (reaction === null) return;
    this.steps += 1;
    this.process = trainingProcess.evolve(this.process, message);
    expect(trainingProcessState.parse(JSON.parse(JSON.stringify(this.process)))).toEqual(this.process);
    for (const [name, due] of Object.entries(reaction.timers ?? {}))
      if (due === null) this.#timers.delete(name);
      else this.#timers.set(name, due);
    for (const command of reaction.commands ?? [])
      this.#open.push({ command: trainingProcessCommand.parse(JSON.parse(JSON.stringify(command))) });
    if (reaction.ended === undefined) return;
    this.ended = reaction.ended;
    this.#timers.clear();
  }
}

/** A worker says what it believes: of the claim that it got last, in whichever of its lives. */
interface Worker {
  readonly name: string;
  /** Seconds by which its clock is ahead. */
  readonly skew: number;
  life: number;
  claim: number;
}

type Step = (world: World, workers: readonly Worker[], now: number) => void;

const lifeOf = ({ name, life }: Worker): string =>
  `0e0e0e0e-0000-4000-8000-000${name}${life.toString().padStart(4, '0')}`;

const byWorker = (does: (world: World, worker: Worker, now: number) => void): fc.Arbitrary<Step> =>
  fc.nat(1).map((index): Step => (world, workers, now) => {
    const worker = workers[index]!;
    does(world, worker, now + worker.skew);
  });

const claims = byWorker((world, worker, now) => {
  const outcome = world.decide({ type: 'ClaimJob', worker: worker.name, incarnation: lifeOf(worker) }, now);
  if (outcome.status === 'accepted') worker.claim = world.job.claims;
});
/** Who has the job, or else the worker that is asked to. */
const finishes = byWorker((world, { claim }, now) => {
  const stage = world.job.requested && nextStage(world.job.requested.spec, world.job.results);
  const number = world.job.claim?.number ?? claim;
  if (stage !== null) world.decide({ type: 'FinishStage', claim: number, result: resultAt(stage), duration_s: 1 }, now);
});
const repeats = fc.constantFrom<TrainingStage>(...trainingStages).chain((stage) =>
  byWorker((world, { claim }, now) => {
    world.decide({ type: 'FinishStage', claim, result: resultAt(stage), duration_s: 1 }, now);
  }),
);
const says = (command: (claim: number) => TrainingJobCommand): fc.Arbitrary<Step> =>
  byWorker((world, { claim }, now) => {
    world.decide(command(claim), now);
  });

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: claims },
  { weight: 14, arbitrary: finishes },
  { weight: 1, arbitrary: repeats },
  { weight: 3, arbitrary: says((claim) => ({ type: 'Progress', claim, stage: 'ingest', progress: 0.5 })) },
  { weight: 1, arbitrary: says((claim) => ({ type: 'Release', claim, reason: 'shutdown' })) },
  { weight: 1, arbitrary: byWorker((_world, worker) => void (worker.life += 1)) },
  { weight: 8, arbitrary: fc.constant<Step>((world) => void world.feed()) },
  {
    weight: 6,
    arbitrary: fc.nat(3).map(
      (choice): Step =>
        (world) =>
          void world.execute(choice),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.nat(3).map(
      (choice): Step =>
        (world) =>
          void world.settle(choice),
    ),
  },
  {
    weight: 2,
    // Late ones more often than chance would have them.
    arbitrary: fc.nat(5).map((stages): Step => (world, _workers, now) => {
      if (world.job.results.length >= stages) world.decide({ type: 'CancelTraining', reason: 'x' }, now);
    }),
  },
);

it('two workers and a process manager, in any order and by any clocks, bring every job to one end, which is the truth', () => {
  const anySeconds = fc.oneof(
    { weight: 30, arbitrary: fc.integer({ min: 0, max: 40 }) },
    { weight: 1, arbitrary: fc.integer({ min: -120, max: 4000 }) },
  );
  const anySkew = fc.integer({ min: -90, max: 90 });
  fc.assert(
    fc.property(
      fc.tuple(anySkew, anySkew),
      fc.boolean(),
      fc.array(fc.tuple(anyStep, anySeconds), { maxLength: 80, size: 'max' }),
      (skews, registrable, steps) => {
        const world = new World(registrable);
        const workers = skews.map((skew, index): Worker => ({ name: `0000${index}`, skew, life: 0, claim: 0 }));
        let now = 0;
        for (const [step, seconds] of steps) {
          now = Math.max(0, now + seconds);
          world.pass(seconds);
          step(world, workers, now);
        }
        const before = world.steps;
        world.comeToRest();
        expect(world.steps - before).toBeLessThan(world.log.length + 20);

        const ends = world.log.filter(({ type }) =>
          ['TrainingSucceeded', 'TrainingFailed', 'TrainingCancelled'].includes(type),
        );
        expect(ends).toEqual([world.log.at(-1)]);
        expect(world.ended).not.toBeNull();
        const stages = world.job.results.map(({ stage }) => stage);
        expect(stages).toEqual(stagesOf({ search: null }).slice(0, stages.length));
        const [end] = ends;
        const told = end?.type === 'TrainingSucceeded' && end.data.registered !== null;
        expect([told, world.registrations]).toEqual(told ? [true, 1] : [false, 0]);
        if (!told && end?.type === 'TrainingFailed' && end.data.stage === null)
          expect(end.data.code).toBe('signature_mismatch');
      },
    ),
  );
});
