import { describe, expect, it } from '@jest/globals';
import { decodeChunk, decodePredictionId, type Chunk, type Rejection, type Signature } from '#libs/contracts/index.js';
import { StreamTimeout, type PublishSettled } from '#libs/event-log/index.js';
import { rowEncoder, type Column, type CompletedRun, type LoadedModel } from '#libs/inference/index.js';
import { until } from '#tests/support/wait.js';
import { servableOf, type Servable } from '../models/servable.js';
import { Recorder } from '../recording/recorder.js';
import type { Route } from '../routing/active-routing.js';
import { Lease } from '../routing/lease.js';
import type { Rollout } from '../routing/routing-table.js';
import { TrafficCounts } from '../traffic-counts.js';
import { Admission } from './admission.js';
import { admit, refuseUnread } from './admit.js';
import type { PredictContext } from './context.js';
import { Deadlines } from './deadlines.js';
import { Prediction } from './prediction.js';
import { rowRejection } from './refusals.js';

const epoch = '01900000-0000-7000-8000-000000000001';
const signature: Signature = {
  inputs: [{ name: 'x', type: 'float32', shape: [null, 1] }],
  outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
  features: [{ name: 'a', type: 'float32', nullable: false, input: 'x', index: 0 }],
};
const rollout: Rollout = {
  ...{ rolloutId: 'r', deployment: 'd', model: 'm', version: '1.0.0', artifact: 'sha256:0', signature },
  ...{ recording: 'acknowledged', requestId: 'e', requestedSeq: 1, requestedAt: 0, correlationId: 'c' },
  ...{ loadTimeoutS: 60, championSeq: null, strategy: { type: 'direct' }, prepared: false, cutOff: null },
};

/** Doubles its input when the test lets it. */
class Slow implements LoadedModel {
  readonly signature = signature;
  readonly encoder = rowEncoder(signature);
  readonly inputColumns = this.encoder.inputColumns;
  readonly outputColumns = [{ name: 'y', type: 'float32' as const, width: 1, role: 'value' as const }];
  readonly ran: number[] = [];
  gate: Promise<void> = Promise.resolve();

  async run(inputs: readonly Column[]): Promise<readonly Column[]> {
    const values = inputs[0]!.data as Float32Array;
    this.ran.push(...values);
    await this.gate;
    return [{ ...this.outputColumns[0]!, data: values.map((x) => 2 * x) }];
  }

  outputOf(outputs: readonly Column[], row: number) {
    return { value: outputs[0]!.data[row] as number };
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

type Answer = { values: number[]; ids: readonly string[] } | { code: string; detail: string; id: string | undefined };

class Doubling extends Prediction {
  answered: Answer | null = null;
  answers = 0;
  readonly #values: number[] = [];

  constructor(
    context: PredictContext,
    private readonly inputs: readonly unknown[],
    at: { beganAt: number; deadlineAt?: number; version?: string },
  ) {
    const traits = { requestId: undefined, subjectId: undefined, routingKey: undefined };
    const { beganAt, deadlineAt = Number.POSITIVE_INFINITY, version } = at;
    super(context, { ...traits, deployment: 'd', version }, inputs.length, beganAt, deadlineAt);
  }

  protected override submit({ batcher, model }: Servable): Rejection | null {
    const refusal = batcher.submitMany(this.inputs, this.ran, this.deadlineAt);
    return refusal === null ? null : rowRejection(refusal, model.signature, 'input');
  }

  protected override take(_servable: Servable, { outputs }: CompletedRun, firstRow: number, rows: number): void {
    for (let row = firstRow; row < firstRow + rows; row++) this.#values.push(outputs[0]!.data[row] as number);
  }

  protected override answer(): void {
    this.#tell({ values: this.#values, ids: this.ids });
  }

  override refused({ code, detail }: Rejection, predictionId?: string): void {
    this.#tell({ code, detail, id: predictionId });
  }

  #tell(answer: Answer): void {
    this.answered = answer;
    this.answers += 1;
  }
}

function heldForEver(): Lease {
  const lease = new Lease();
  lease.confirmed(Number.MAX_SAFE_INTEGER, 0);
  return lease;
}

/** Everything between a transport and the log, whose acknowledgements are in the test's hands, as is the time. */
function setUp(
  options: { queueDeadlineMs?: number; maxQueuedRows?: number; maxRowsPerRun?: number; lease?: Lease } = {},
) {
  const clock = { time: 10_000, now: () => clock.time, monotonic: () => clock.time };
  const model = new Slow();
  const settlers: PublishSettled[] = [];
  const chunks: Chunk[] = [];
  const { maxRowsPerRun = 16, queueDeadlineMs = 2_000, maxQueuedRows = 100 } = options;
  const servable = servableOf(rollout, model, new TrafficCounts('d', 'm@1.0.0'), {
    ...{ writer: { instance: 'i', epoch }, maxRowsPerRun, clock },
  });
  let route: Route = { servable };
  const { lease = heldForEver() } = options;
  const recorder = new Recorder({
    epoch,
    clock,
    publisher: {
      publishWith: ({ data }, settled) => {
        chunks.push(decodeChunk(data));
        settlers.push(settled);
      },
    },
  });
  const context: PredictContext = {
    admission: new Admission({
      ...{ lease, clock, maxQueuedRows, queueDeadlineMs },
      routing: () => ({ sequence: 7, routes: new Map([['d', route]]) }),
    }),
    recorder,
    deadlines: new Deadlines(clock),
    maxRecordedBytes: 1_000_000,
  };
  return {
    ...{ context, clock, model, chunks, settlers, servable },
    routeTo: (next: Route): void => {
      route = next;
    },
    ask: (values: readonly unknown[], given: { withinMs?: number; version?: string } = {}): Doubling => {
      const { withinMs = Number.POSITIVE_INFINITY, version } = given;
      const at = { beganAt: clock.time, deadlineAt: clock.time + withinMs, ...(version && { version }) };
      const prediction = new Doubling(
        context,
        values.map((a) => ({ a })),
        at,
      );
      admit(context, prediction);
      return prediction;
    },
    /** Time passes while the event loop turns. */
    pass: (ms: number): void => {
      for (let rest = ms; rest > 0; rest -= 250) {
        clock.time += Math.min(rest, 250);
        context.admission.turned(clock.time);
      }
    },
    published: (count: number) => until(() => chunks.length >= count, { what: 'chunks to be published', everyMs: 1 }),
    answered: (...predictions: Doubling[]) =>
      until(() => predictions.every(({ answers }) => answers > 0), { what: 'an answer', everyMs: 1 }),
  };
}

const refusedWith = (code: string) => expect.objectContaining({ code });

describe('a prediction', () => {
  it('is answered when the log holds its rows, with their ids', async () => {
    const { ask, published, settlers, context } = setUp({ maxRowsPerRun: 2 });
    const prediction = ask([1, 2, 3]);
    await published(1);
    expect([prediction.answers, context.admission.queuedRows]).toEqual([0, 3]);
    for (const [at, settled] of settlers.entries()) settled(undefined, at + 5);
    await until(() => prediction.answers === 1 || settlers.length > 1, { what: 'all chunks', everyMs: 1 });
    for (const settled of settlers.splice(1)) settled(undefined, 6);
    expect(prediction.answered).toMatchObject({ values: [2, 4, 6] });
    const { ids } = prediction.answered as Extract<Answer, { values: number[] }>;
    expect(ids.map((id) => decodePredictionId(id)!.seq)).toEqual(expect.arrayContaining([5]));
    expect([new Set(ids).size, context.admission.queuedRows, context.admission.requests]).toEqual([3, 0, 0]);
  });

  it('of a version that the deployment does not serve is refused and counted', () => {
    const { ask, context } = setUp();
    expect(ask([1], { version: '2.0.0' }).answered).toEqual(refusedWith('version_not_served'));
    expect(context.admission.unrecorded.get('version_not_served')).toBe(1);
  });

  it('that cannot be recorded is not answered with its output', async () => {
    const { ask, published, settlers } = setUp();
    const prediction = ask([1]);
    await published(1);
    settlers[0]!(new StreamTimeout('publish'), 0);
    expect(prediction.answered).toEqual(refusedWith('log_unavailable'));
  });
});

describe('the deadline of the queue', () => {
  it('refuses further rows at once while the log stalls; those that are in go on; when it clears they enter again', async () => {
    const { ask, pass, published, settlers, context } = setUp();
    const first = ask([1]);
    await published(1);
    pass(2_000);
    const second = ask([2]);
    pass(30);
    const third = ask([3]);
    expect([second.answers, third.answers]).toEqual([0, 1]);
    expect(third.answered).toEqual(refusedWith('overloaded'));
    expect(context.admission.unrecorded.get('overloaded')).toBe(1);
    await published(2);
    settlers[0]!(undefined, 1);
    expect(first.answered).toMatchObject({ values: [2] });
    const fourth = ask([4]);
    await published(3);
    for (const settled of settlers.slice(1)) settled(undefined, 2);
    expect([second.answered, fourth.answered]).toMatchObject([{ values: [4] }, { values: [8] }]);
  });

  it('counts rows that wait for a slow model too', async () => {
    const { ask, pass, model, chunks, settlers } = setUp();
    let open = (): void => undefined;
    model.gate = new Promise((resolve) => (open = resolve));
    const first = ask([1]);
    await until(() => model.ran.length === 1, { what: 'the run', everyMs: 1 });
    const second = ask([2]);
    pass(2_021);
    expect(ask([3]).answered).toEqual(refusedWith('overloaded'));
    open();
    await until(() => chunks.flatMap(({ outputs }) => [...(outputs[0] as Float32Array)]).length === 2, {
      what: 'both rows to be recorded',
    });
    for (const settled of settlers) settled(undefined, 1);
    expect([first.answered, second.answered]).toMatchObject([{ values: [2] }, { values: [4] }]);
    expect(ask([4]).answered).toBeNull();
  });

  it('is what counts a request that cannot be read and is not recorded for it', async () => {
    const { ask, clock, pass, context, published } = setUp();
    ask([1]);
    await published(1);
    pass(2_021);
    const at = { beganAt: clock.time, deadlineAt: Number.POSITIVE_INFINITY };
    const unread = new Doubling(context, [{}], at);
    refuseUnread(context, unread, { code: 'invalid_request', detail: 'input: expected an object' });
    expect(unread.answered).toEqual(refusedWith('invalid_request'));
    expect(Object.fromEntries(context.admission.unrecorded)).toEqual({ overloaded: 1 });
  });

  it('does not count the time for which the process was stopped', async () => {
    const { ask, clock, pass, published } = setUp();
    const before = ask([1]);
    await published(1);
    clock.time += 60_000;
    expect([ask([2]).answered, before.answers]).toEqual([null, 0]);
    pass(1_900);
    expect(ask([3]).answered).toBeNull();
    pass(200);
    expect(ask([4]).answered).toEqual(refusedWith('overloaded'));
  });

  it('counts the time of a long run', async () => {
    const { ask, clock, model, published } = setUp();
    let open = (): void => undefined;
    model.gate = new Promise((resolve) => (open = resolve));
    ask([1]);
    await until(() => model.ran.length === 1, { what: 'the run', everyMs: 1 });
    clock.time += 2_021;
    open();
    await published(1);
    expect(ask([2]).answered).toEqual(refusedWith('overloaded'));
  });

  it('leaves the bound on rows as it is', () => {
    const { ask } = setUp({ maxQueuedRows: 3 });
    ask([1, 2]);
    expect(ask([3, 4]).answered).toEqual(refusedWith('overloaded'));
    expect(ask([3]).answered).toBeNull();
  });
});

describe('a routing lease', () => {
  it('that has run out is waited for, and looked at when the request is routed', async () => {
    const lease = new Lease();
    const { ask, clock, context, published, settlers, routeTo, servable } = setUp({ lease });
    routeTo({ refusal: { code: 'deployment_not_live', detail: 'before' } });
    const prediction = ask([1]);
    expect([prediction.answers, context.admission.queuedRows]).toEqual([0, 1]);
    clock.time += 900;
    routeTo({ servable });
    lease.confirmed(clock.time, 0);
    await published(1);
    settlers[0]!(undefined, 1);
    expect(prediction.answered).toMatchObject({ values: [2] });
    expect(context.admission).toMatchObject({ queuedRows: 0, requests: 0 });
  });

  it('that does not come back within a second: refused, and further requests at once', async () => {
    const lease = new Lease();
    const { ask, clock, pass, context, answered, published } = setUp({ lease });
    const first = ask([1]);
    pass(800);
    const second = ask([2]);
    const hurried = ask([3], { withinMs: 100 });
    pass(110);
    await answered(hurried);
    expect([first.answers, second.answers, hurried.answered]).toEqual([0, 0, refusedWith('deadline_exceeded')]);
    pass(100);
    await answered(first, second);
    expect([first.answered, second.answered]).toEqual([refusedWith('routing_stale'), refusedWith('routing_stale')]);
    expect(ask([4]).answered).toEqual(refusedWith('routing_stale'));
    lease.confirmed(clock.time, 0);
    ask([5]);
    await published(1);
    pass(1_001);
    const patient = ask([6]);
    expect([patient.answers, context.admission.unrecorded.get('routing_stale')]).toEqual([0, 3]);
  });

  it('that is renewed too late for what waits renews nothing', async () => {
    const lease = new Lease();
    const { ask, clock, context } = setUp({ lease });
    const prediction = ask([1]);
    clock.time += 500;
    lease.confirmed(clock.time - 1_000, 0);
    await Promise.resolve();
    expect([prediction.answers, context.admission.queuedRows]).toEqual([0, 1]);
  });
});

describe('the deadline of a request', () => {
  it('that is over before the run begins: the row is not run, and recorded as failed with its input', async () => {
    const { ask, clock, chunks, model, published, settlers } = setUp();
    const late = ask([1], { withinMs: 5 });
    const patient = ask([2]);
    clock.time += 5;
    await published(1);
    expect(model.ran).toEqual([2]);
    const [chunk] = chunks;
    expect([chunk!.served, chunk!.failed, chunk!.codes]).toEqual([1, 1, ['deadline_exceeded']]);
    expect([...(chunk!.inputs[0] as Float32Array)]).toEqual([2, 1]);
    settlers[0]!(undefined, 3);
    expect([late.answers, patient.answers]).toEqual([1, 1]);
    expect(late.answered).toMatchObject({ code: 'deadline_exceeded', detail: expect.stringContaining('5 ms') });
    expect(patient.answered).toMatchObject({ values: [4] });
  });

  it('that is over before the log has its row: answered then, once; the row stays as it is', async () => {
    const { ask, clock, chunks, published, settlers, answered, context } = setUp();
    const prediction = ask([1], { withinMs: 50 });
    await published(1);
    expect(prediction.answers).toBe(0);
    clock.time += 60;
    await answered(prediction);
    expect(prediction.answered).toEqual(refusedWith('deadline_exceeded'));
    expect([chunks[0]!.served, context.admission.queuedRows]).toEqual([1, 1]);
    settlers[0]!(undefined, 1);
    expect([prediction.answers, context.admission.queuedRows]).toEqual([1, 0]);
  });

  it('that is kept changes nothing', async () => {
    const { ask, published, settlers, clock } = setUp();
    const prediction = ask([1], { withinMs: 50 });
    await published(1);
    clock.time += 49;
    settlers[0]!(undefined, 1);
    expect(prediction.answered).toMatchObject({ values: [2] });
  });
});

describe('a version that was let go of', () => {
  const refusal: Rejection = { code: 'deployment_not_live', detail: 'its version is being loaded' };

  function recalled(world: ReturnType<typeof setUp>) {
    let loaded = (): void => undefined;
    let asked = 0;
    const settled = new Promise<void>((resolve) => (loaded = resolve));
    world.routeTo({
      refusal,
      recall: () => {
        asked += 1;
        return settled;
      },
    });
    return { asked: () => asked, loaded: () => (loaded(), settled) };
  }

  it('is asked for, and the request waits until it is loaded', async () => {
    const world = setUp();
    const { asked, loaded } = recalled(world);
    const prediction = world.ask([1]);
    expect([asked(), prediction.answers, world.context.admission.queuedRows]).toEqual([1, 0, 1]);
    world.routeTo({ servable: world.servable });
    await loaded();
    await world.published(1);
    world.settlers[0]!(undefined, 1);
    expect(prediction.answered).toMatchObject({ values: [2] });
    expect(world.context.admission.requests).toBe(0);
  });

  it('that is not loaded before the deadline of the queue or of the request: refused', async () => {
    const world = setUp({ queueDeadlineMs: 500 });
    const { loaded } = recalled(world);
    const patient = world.ask([1]);
    const hurried = world.ask([2], { withinMs: 100 });
    world.clock.time += 110;
    await world.answered(hurried);
    expect([patient.answers, hurried.answered]).toEqual([0, refusedWith('deadline_exceeded')]);
    world.clock.time += 400;
    await world.answered(patient);
    expect(patient.answered).toEqual(refusedWith('deployment_not_live'));
    expect(world.context.admission).toMatchObject({ queuedRows: 0, requests: 0 });
    world.routeTo({ servable: world.servable });
    await loaded();
    expect([patient.answers, hurried.answers]).toEqual([1, 1]);
  });

  it('does not hold up requests for others', () => {
    const world = setUp({ queueDeadlineMs: 500 });
    recalled(world);
    world.ask([1]);
    world.clock.time += 600;
    world.routeTo({ servable: world.servable });
    expect(world.ask([2]).answered).toBeNull();
  });

  it('does not hold them up either when it is loaded at last', async () => {
    const world = setUp({ queueDeadlineMs: 500 });
    const { loaded } = recalled(world);
    world.ask([1]);
    world.clock.time += 400;
    world.routeTo({ servable: world.servable });
    await loaded();
    world.clock.time += 200;
    expect(world.ask([2]).answered).toBeNull();
    await world.published(1);
    expect(world.chunks.flatMap(({ inputs }) => [...(inputs[0] as Float32Array)])).toEqual([1, 2]);
  });
});
