import { deposit, ledger, metaOf } from '../ledger.js';
import type { Backend } from '../backend.js';
import { CuttableStream, Plug } from './cuttable.js';
import {
  fulfilment,
  fulfilmentExecutors,
  fulfilmentSchemas,
  orders,
  type Fulfilment,
  type OrderEvent,
} from './orders.js';
import { orderReader, stepsOf, type Step } from './orders-log.js';
import { AggregateStore, SnapshotStore, type StreamStore } from '#libs/event-log/index.js';
import { systemClock, type Clock } from '#libs/kernel/index.js';
import {
  hostProcess,
  ProcessRunner,
  systemAlarm,
  type Executors,
  type HostedProcess,
  type ProcessRunnerOptions,
  type RunnerNotice,
} from '#libs/processing/index.js';
import type { OrderCommand } from './orders.js';

/** The wall clock of a test: it runs as the real one does, and steps when told to. */
export class SteppingClock implements Clock {
  private offset = 0;

  now(): number {
    return systemClock.now() + this.offset;
  }

  monotonic(): number {
    return systemClock.monotonic();
  }

  step(milliseconds: number): void {
    this.offset += milliseconds;
  }
}

export interface RunnerHandle {
  readonly runner: ProcessRunner;
  readonly plug: Plug;
  readonly notices: RunnerNotice[];
  readonly aggregates: AggregateStore;
}

export interface RunnerChoices extends Partial<
  Pick<
    ProcessRunnerOptions,
    'name' | 'snapshots' | 'concurrency' | 'executeWithinMs' | 'stuckAfter' | 'checkpointEvery' | 'alarm' | 'clock'
  >
> {
  /** Index of the point at which it is killed. */
  readonly pullAt?: number;
  /** The log as it is seen through. */
  readonly through?: (events: StreamStore) => StreamStore;
  readonly executors?: (given: Executors<OrderCommand>) => Executors<OrderCommand>;
  readonly process?: (given: Fulfilment) => Fulfilment;
  readonly processes?: (given: HostedProcess) => readonly HostedProcess[];
}

/** Orders of one test, and the processes and runners that see to them. Back-off and patience pass fifty times as fast. */
export class OrdersWorld {
  readonly clock = new SteppingClock();
  readonly process: string;
  private readonly writer: AggregateStore;
  private readonly runners: RunnerHandle[] = [];
  private told = 0;

  constructor(
    readonly backend: Backend,
    /** Names this test's orders and its process. */
    readonly label: string,
  ) {
    this.process = `fulfil-${label}`;
    this.writer = this.storeOn(backend.events);
  }

  order = (name: string): string => `${this.label}-${name}`;

  async fund(account: string, amount: number): Promise<void> {
    this.told += 1;
    await this.writer.execute(ledger, account, deposit(amount), metaOf(`${this.label} ${this.told}`, { amount }));
  }

  /** An event of an order. @returns its EVENTS sequence */
  async happen(event: OrderEvent): Promise<number> {
    this.told += 1;
    const outcome = await this.writer.execute(
      orders,
      event.data.order,
      event,
      metaOf(`${this.label} ${this.told}`, event.data),
    );
    if (!outcome.ok) throw new Error(JSON.stringify(outcome));
    return outcome.value.seq;
  }

  /** Places an order whose account and stock are filled. */
  async place(
    name: string,
    { amount = 5, parts = 2, patience_ms = 60_000, funds = 5, stock = parts }: Partial<Placing> = {},
  ): Promise<string> {
    const order = this.order(name);
    if (funds > 0) await this.fund(order, funds);
    if (stock > 0) await this.fund(`${order}-stock`, stock);
    await this.happen({ type: 'OrderPlaced', data: { order, account: order, amount, parts, patience_ms } });
    return order;
  }

  steps = (order: string): Promise<readonly Step[]> => stepsOf(this.backend.events, this.process, order);

  runner(choices: RunnerChoices = {}): RunnerHandle {
    const plug = new Plug(choices.pullAt);
    const log = choices.through?.(this.backend.events) ?? this.backend.events;
    const events = new CuttableStream(log, plug);
    const clock = choices.clock ?? this.clock;
    const aggregates = this.storeOn(events, plug);
    const given = cutting(fulfilmentExecutors(aggregates, clock), plug);
    const process = fulfilment(this.process, this.label);
    const hosted = hostProcess(
      choices.process?.(process) ?? process,
      fulfilmentSchemas,
      choices.executors?.(given) ?? given,
    );
    const notices: RunnerNotice[] = [];
    const runner = new ProcessRunner({
      name: choices.name ?? `runner-${this.label}`,
      processes: choices.processes?.(hosted) ?? [hosted],
      events: orderReader(events),
      aggregates,
      clock,
      random: () => 0.5,
      alarm: choices.alarm ?? ((milliseconds, ring) => systemAlarm(milliseconds / 50, ring)),
      onNotice: (notice) => notices.push(notice),
      ...(choices.snapshots === undefined ? {} : { snapshots: new CuttableStream(choices.snapshots, plug) }),
      ...(choices.concurrency === undefined ? {} : { concurrency: choices.concurrency }),
      ...(choices.executeWithinMs === undefined ? {} : { executeWithinMs: choices.executeWithinMs }),
      ...(choices.stuckAfter === undefined ? {} : { stuckAfter: choices.stuckAfter }),
      ...(choices.checkpointEvery === undefined ? {} : { checkpointEvery: choices.checkpointEvery }),
    });
    const handle = { runner, plug, notices, aggregates };
    this.runners.push(handle);
    return handle;
  }

  /** A runner that runs. */
  run(choices: RunnerChoices = {}): RunnerHandle {
    const handle = this.runner(choices);
    handle.runner.start();
    return handle;
  }

  async close(): Promise<void> {
    for (const { runner, aggregates } of this.runners.splice(0)) {
      await runner.stop();
      await aggregates.idle();
    }
  }

  private storeOn(events: StreamStore, plug?: Plug): AggregateStore {
    const { snapshots } = this.backend;
    return new AggregateStore({
      events,
      snapshots: new SnapshotStore(plug === undefined ? snapshots : new CuttableSnapshots(snapshots, plug)),
      clock: this.clock,
      random: () => 0.5,
    });
  }
}

interface Placing {
  readonly amount: number;
  readonly parts: number;
  readonly patience_ms: number;
  /** In its account. */
  readonly funds: number;
  /** Parts there are. */
  readonly stock: number;
}

/** Snapshots are written in the background: no point of their own, and none once the plug is pulled. */
class CuttableSnapshots extends CuttableStream {
  constructor(
    stream: StreamStore,
    private readonly life: Plug,
  ) {
    super(stream, life);
    this.publish = async (message) => {
      this.life.check();
      return stream.publish(message);
    };
  }
}

const cutting = (executors: Executors<OrderCommand>, plug: Plug): Executors<OrderCommand> => ({
  async Pay(command, meta) {
    plug.point('before execution');
    const outcome = await executors.Pay(command, meta);
    plug.point('after execution');
    return outcome;
  },
  async Deliver(command, meta) {
    plug.point('before execution');
    const outcome = await executors.Deliver(command, meta);
    plug.point('after execution');
    return outcome;
  },
});
