import { expect } from '@jest/globals';
import { turn, VirtualTime } from './virtual-time.js';
import { deposit, ledger, metaOf } from '#tests/contract/ledger.js';
import { CuttableStream, Plug } from '#tests/contract/processing/cuttable.js';
import {
  eventsOf,
  isSettled,
  openCommandsOf,
  orderReader,
  problemsOf,
  repeatsOf,
  stepsOf,
  type Step,
} from '#tests/contract/processing/orders-log.js';
import {
  fulfilment,
  fulfilmentExecutors,
  fulfilmentSchemas,
  orders,
  type OrderEvent,
} from '#tests/contract/processing/orders.js';
import { RecordingStream } from '#tests/contract/recording-stream.js';
import { randomFaults, type FaultPlan } from '#libs/event-log/fault-plan.js';
import { AggregateStore, FaultyStream, MemoryStream, SnapshotStore, type StreamStore } from '#libs/event-log/index.js';
import { hostProcess, ProcessRunner } from '#libs/processing/index.js';

const processName = 'fulfil';
/** Share of operations of a runner that meet a fault. */
const faultRate = 0.08;

interface Life {
  readonly runner: ProcessRunner;
  readonly plug: Plug;
}

interface Placing {
  readonly order: number;
  readonly funds: number;
  readonly parts: number;
  readonly stock: number;
  readonly patience_ms: number;
}

export class SimulatedWorld {
  readonly time: VirtualTime = new VirtualTime(() => this.events.calls.length + this.snapshots.calls.length);
  private readonly memory: MemoryStream = new MemoryStream({ name: 'EVENTS', clock: this.time, replicas: 3 });
  private readonly events: RecordingStream = new RecordingStream(this.memory);
  private readonly snapshots = new RecordingStream(
    new MemoryStream({ name: 'SNAPSHOTS', clock: this.time, lastPerSubject: true }),
  );
  private readonly random: () => number;
  private readonly writer: AggregateStore;
  private readonly faulty: FaultyStream[] = [];
  private readonly placed = new Set<string>();
  private lives: Life[] = [];
  private quiet = false;
  private written = 0;

  constructor(seed: number) {
    this.random = generator(seed);
    this.writer = this.storeOn(this.events);
  }

  async place({ order, funds, parts, stock, patience_ms }: Placing): Promise<void> {
    const id = orderOf(order);
    if (this.placed.has(id)) return;
    this.placed.add(id);
    if (funds > 0) await this.fund(id, funds);
    if (stock > 0) await this.fund(`${id}-stock`, stock);
    await this.write(id, { type: 'OrderPlaced', data: { order: id, account: id, amount: 5, parts, patience_ms } });
  }

  async nudge(order: number): Promise<void> {
    const id = orderOf(order);
    if (this.placed.has(id)) await this.write(id, { type: 'OrderNudged', data: { order: id } });
  }

  async cancel(order: number): Promise<void> {
    const id = orderOf(order);
    if (this.placed.has(id)) await this.write(id, { type: 'OrderCancelled', data: { order: id } });
  }

  /** One more runner, three at most. */
  start(): Promise<void> {
    if (this.lives.length < 3) this.lives.push(this.newLife());
    return Promise.resolve();
  }

  /** A runner ends in order. */
  async stop(which: number): Promise<void> {
    const [life] = this.lives.splice(which % Math.max(1, this.lives.length), 1);
    if (life !== undefined) await this.ended(life);
  }

  /** A runner is killed when it has come by so many more points. */
  async kill(which: number, after: number): Promise<void> {
    const [life] = this.lives.splice(which % Math.max(1, this.lives.length), 1);
    if (life === undefined) return;
    const { points } = life.plug;
    const until = points.length + after;
    for (let turns = 0; points.length < until && turns < 200; turns += 1) await turn();
    life.plug.pull();
    await this.ended(life);
  }

  async turns(count: number): Promise<void> {
    for (let left = count; left > 0; left -= 1) await turn();
  }

  /** Everything heals, and time goes on until nothing is left to be done. */
  async finish(): Promise<void> {
    this.quiet = true;
    for (const each of this.faulty) await each.quiet();
    if (this.lives.length === 0) await this.start();
    await this.time.elapse(10 * 60_000);
    for (const { runner } of this.lives) {
      expect(await runner.gap()).toBe(0);
      expect(runner.status()).toMatchObject({
        ...{ state: 'running', processes: 0, timers: 0, nextTimer: null, stuck: [], blocked: [] },
        commands: { open: 0, running: 0 },
      });
    }
    for (const life of this.lives.splice(0)) await this.ended(life);
    await this.writer.idle();
  }

  /** @returns how the orders ended. @throws where the log shows that something was lost, doubled or out of order. */
  async check(): Promise<readonly string[]> {
    expect(await problemsOf(this.memory)).toEqual([]);
    const ends: string[] = [];
    for (const order of this.placed) {
      const steps = await stepsOf(this.memory, processName, order);
      expect(isSettled(steps)).toBe(true);
      expect(openCommandsOf(steps)).toEqual([]);
      expect(repeatsOf(steps)).toEqual([]);
      await this.checkEvents(order, steps);
      await this.checkTimers(steps);
      await this.checkCommands(order, steps);
      ends.push(steps.at(-1)!.ended!);
    }
    return ends;
  }

  /** Told in order; a cancellation is heard, unless the process had ended when it was told. */
  private async checkEvents(order: string, steps: readonly Step[]): Promise<void> {
    const told = steps.flatMap(({ input }) => (input.kind === 'event' ? [input.seq] : []));
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(steps[0]!.input).toMatchObject({ type: 'OrderPlaced' });
    const end = steps.find(({ ended }) => ended !== null)!;
    for (const { seq, event } of await eventsOf(this.memory, order))
      if (event.type === 'OrderCancelled' && !told.includes(seq)) expect(end.seen_seq).toBeLessThan(seq);
  }

  /** None fires before its time. */
  private async checkTimers(steps: readonly Step[]): Promise<void> {
    for (const { input, seq } of steps) {
      if (input.kind !== 'timer') continue;
      const at = (await this.memory.get(seq, 'leader'))!.headers.get('ce-time')!;
      expect(Date.parse(at)).toBeGreaterThanOrEqual(Date.parse(input.due_at));
    }
  }

  /** What was carried out is what was settled as such. */
  private async checkCommands(order: string, steps: readonly Step[]): Promise<void> {
    const settled = steps.flatMap(({ input }) =>
      input.kind === 'settlement' && input.outcome.status === 'accepted' ? [input.outcome.seq] : [],
    );
    const withdrawn: number[] = [];
    for (const account of [order, `${order}-stock`])
      for (const { seq, headers } of await this.memory.readSubject(`evt.ledger.${account}`, 1, 'leader'))
        if (headers.get('ce-type') === 'Withdrawn') withdrawn.push(seq);
    expect(settled.sort((a, b) => a - b)).toEqual(withdrawn.sort((a, b) => a - b));
  }

  private newLife(): Life {
    const plug = new Plug();
    const plan = randomFaults(this.random, faultRate);
    const healing: FaultPlan = { next: (point) => (this.quiet ? undefined : plan.next(point)) };
    const faulty = new FaultyStream(this.events, healing);
    this.faulty.push(faulty);
    const events = new CuttableStream(faulty, plug);
    const aggregates = this.storeOn(events);
    const executors = fulfilmentExecutors(aggregates, this.time);
    const runner = new ProcessRunner({
      name: 'simulated',
      processes: [hostProcess(fulfilment(processName), fulfilmentSchemas, executors)],
      events: orderReader(events),
      aggregates,
      snapshots: new CuttableStream(this.snapshots, plug),
      clock: this.time,
      random: this.random,
      alarm: this.time.alarm,
      checkpointEvery: 7,
      concurrency: 2,
      lookEveryMs: 60_000,
    });
    runner.start();
    return { runner, plug };
  }

  /** Time has to pass for a runner to give up on what hangs. */
  private async ended({ runner }: Life): Promise<void> {
    let stopped = false;
    const stopping = runner.stop().then(() => {
      stopped = true;
    });
    const isStopped = (): boolean => stopped;
    for (let waits = 0; !isStopped() && waits < 100; waits += 1) {
      await this.time.settle();
      if (!isStopped()) await this.time.elapse(500);
    }
    await stopping;
  }

  private storeOn(events: StreamStore): AggregateStore {
    return new AggregateStore({
      events,
      snapshots: new SnapshotStore(this.snapshots),
      clock: this.time,
      random: this.random,
      pause: this.time.pause,
    });
  }

  private async fund(account: string, amount: number): Promise<void> {
    this.written += 1;
    await this.writer.execute(ledger, account, deposit(amount), metaOf(`fund ${this.written}`, { amount }));
  }

  private async write(order: string, event: OrderEvent): Promise<void> {
    this.written += 1;
    await this.writer.execute(orders, order, event, metaOf(`order ${this.written}`, event.data));
  }
}

const orderOf = (order: number): string => `order-${order}`;

/** Uniform in [0, 1) (splitmix32). */
function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}
