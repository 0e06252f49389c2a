/** What the runner of processes promises, whatever log it runs on. Each test has orders and a process of its own. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Backend } from '../backend.js';
import { PowerCut } from './cuttable.js';
import { GatedStream } from './gated-stream.js';
import { isSettled, openCommandsOf, problemsOf, repeatsOf, story, timersOf } from './orders-log.js';
import { restMs } from './orders.js';
import { OrdersWorld, type RunnerHandle } from './orders-world.js';
import { FaultyStream, scriptedFaults } from '#libs/event-log/index.js';
import { until } from '#tests/support/wait.js';

export interface ProcessingContractOptions {
  readonly open: () => Promise<Backend>;
  /** Every how many of the points a kill is tried. */
  readonly killEvery: number;
  /** Whether there is a server to restart. */
  readonly restarts: boolean;
}

const delivered = [
  'OrderPlaced, issue Pay, set patience',
  'Pay accepted, issue Deliver, issue Deliver',
  'Deliver accepted',
  'Deliver accepted, take back patience, set rest',
  'timer rest, ended: delivered',
];

export function processingContract(name: string, { open, killEvery, restarts }: ProcessingContractOptions): void {
  describe(`processes on ${name}`, () => {
    let backend: Backend;
    let worlds = 0;
    let world: OrdersWorld;
    const opened: OrdersWorld[] = [];
    const newWorld = (): OrdersWorld => {
      worlds += 1;
      const next = new OrdersWorld(backend, `w${worlds}`);
      opened.push(next);
      return next;
    };

    beforeAll(async () => {
      backend = await open();
    }, 60_000);
    afterEach(async () => {
      for (const each of opened.splice(0)) await each.close();
    });
    afterAll(async () => {
      expect(await problemsOf(backend.events)).toEqual([]);
      await backend.close();
    });

    const storyOf = async (order: string): Promise<readonly string[]> => story(await world.steps(order));
    const untilStory = (order: string, length: number): Promise<unknown> =>
      until(async () => (await storyOf(order)).length >= length, {
        what: `${length} steps of ${order}`,
        everyMs: 5,
      });
    const untilTold = ({ runner }: RunnerHandle, seq: number): Promise<unknown> =>
      until(() => runner.status().toldThrough >= seq, { what: `sequence ${seq} to be told`, everyMs: 5 });
    /** Lets the time pass that an order rests, once it rests; ends when it is settled, or before. */
    const untilSettled = async (order: string, orElse: () => boolean = () => false): Promise<void> => {
      let stepped = false;
      await until(
        async () => {
          const steps = await world.steps(order);
          if (!stepped && timersOf(steps).includes('rest')) {
            world.clock.step(restMs);
            stepped = true;
          }
          return orElse() || isSettled(steps);
        },
        { what: `${order} to be settled`, everyMs: 5 },
      );
    };

    it('sees a process from its first event through commands and timers to its end', async () => {
      world = newWorld();
      world.run();
      const order = await world.place('a');
      await untilSettled(order);
      expect(await storyOf(order)).toEqual(delivered);
      const steps = await world.steps(order);
      expect(steps.map(({ seen_seq }) => seen_seq)).toEqual(
        [...steps.map(({ seen_seq }) => seen_seq)].sort((a, b) => a - b),
      );
    });

    it('tells a refused command, and records what was issued before the end and settled after it', async () => {
      world = newWorld();
      world.run();
      const unpaid = await world.place('unpaid', { funds: 4 });
      await untilSettled(unpaid);
      expect(await storyOf(unpaid)).toEqual([
        'OrderPlaced, issue Pay, set patience',
        'Pay rejected insufficient_funds, ended: refused: insufficient_funds',
      ]);
      const short = await world.place('short', { parts: 3, stock: 0 });
      await untilSettled(short);
      const end = 'ended: refused: insufficient_funds';
      expect((await storyOf(short)).slice(2)).toEqual(Array(3).fill(`Deliver rejected insufficient_funds, ${end}`));
    });

    it('takes up what happened while no runner was there, in order, and is told nothing twice', async () => {
      world = newWorld();
      const order = await world.place('a', { parts: 0 });
      await world.happen({ type: 'OrderNudged', data: { order } });
      await world.happen({ type: 'OrderCancelled', data: { order } });
      await world.happen({ type: 'OrderNudged', data: { order } });
      const { runner } = world.run();
      await untilSettled(order);
      expect(await storyOf(order)).toEqual([
        'OrderPlaced, issue Pay, set patience',
        'OrderCancelled, ended: cancelled',
        'Pay accepted, ended: cancelled',
      ]);
      await runner.stop();
      const again = world.run().runner;
      await until(async () => (await again.gap()) === 0, { what: 'the log to be told', everyMs: 5 });
      expect(await storyOf(order)).toHaveLength(3);
      expect(again.status()).toMatchObject({ state: 'running', processes: 0, commands: { open: 0 }, timers: 0 });
    });

    it('does not tell late what a process had no answer to when it was told', async () => {
      world = newWorld();
      const held = deferred();
      const first = world.run({
        executors: (given) => ({
          async Pay(command, meta) {
            await held.promise;
            return given.Pay(command, meta);
          },
          Deliver: never,
        }),
      });
      const order = await world.place('a', { parts: 1 });
      await untilStory(order, 1);
      // It is being paid for: a nudge comes to nothing now, and would be heard while it is being delivered.
      const nudged = await world.happen({ type: 'OrderNudged', data: { order } });
      await untilTold(first, nudged);
      held.resolve();
      await untilStory(order, 2);
      first.plug.pull();
      await first.runner.stop();
      const second = world.run({ executors: (given) => ({ ...given, Deliver: never }) });
      await untilTold(second, await world.happen({ type: 'OrderNudged', data: { order } }));
      expect(second.notices[0]).toMatchObject({ kind: 'started', position: 0 });
      expect(await storyOf(order)).toEqual([...delivered.slice(0, 1), 'Pay accepted, issue Deliver', 'OrderNudged']);
    });

    it('comes to the same log wherever it is killed', async () => {
      world = newWorld();
      const choices = { snapshots: backend.snapshots, checkpointEvery: 3 };
      const undisturbed = world.run(choices);
      await untilSettled(await world.place('undisturbed'));
      await undisturbed.runner.stop();
      const points = undisturbed.plug.points.length;
      expect(undisturbed.plug.points.filter((point) => point.includes('execution'))).toHaveLength(6);
      const killed: string[] = [];
      for (let pullAt = 0; pullAt < points; pullAt += killEvery) {
        const order = await world.place(`killed-${pullAt}`);
        const { plug, runner } = world.run({ ...choices, pullAt });
        await untilSettled(order, () => plug.pulled);
        await runner.stop();
        if (plug.pulled) killed.push(plug.points.at(-1)!);
        const next = world.run(choices);
        await untilSettled(order);
        await next.runner.stop();
        const steps = await world.steps(order);
        expect({ pullAt, story: story(steps) }).toEqual({ pullAt, story: delivered });
        expect(repeatsOf(steps)).toEqual([]);
        expect(await accounts(backend, order)).toEqual({ account: 0, stock: 0 });
      }
      expect(new Set(killed.map((point) => point.split(' ')[0]))).toEqual(new Set(['before', 'after']));
      expect(killed.length).toBeGreaterThan(points / killEvery / 2);
    }, 60_000);

    it('fires a timer once, also when the runner that set it is gone, and never before its time', async () => {
      world = newWorld();
      const order = await world.place('a', { parts: 0, patience_ms: 60_000 });
      const first = world.run();
      await until(async () => timersOf(await world.steps(order)).includes('rest'), { what: 'it to rest', everyMs: 5 });
      const dueAt = (await world.steps(order)).at(-1)!.timers['rest']!;
      first.plug.pull();
      await first.runner.stop();
      // The wall clock goes back: the timer is due later by it.
      world.clock.step(-30_000);
      const { runner } = world.run();
      await until(() => runner.status().nextTimer !== null, { what: 'the timer to be known', everyMs: 5 });
      expect(runner.status()).toMatchObject({ nextTimer: dueAt, timers: 1 });
      expect(await storyOf(order)).toHaveLength(2);
      world.clock.step(30_000 + restMs);
      await untilSettled(order);
      expect((await world.steps(order)).at(-1)!.input).toEqual({ kind: 'timer', name: 'rest', due_at: dueAt });
      world.clock.step(-60_000);
      world.clock.step(120_000);
      await until(async () => (await runner.gap()) === 0, { what: 'the log to be told', everyMs: 5 });
      expect(await storyOf(order)).toHaveLength(3);
    });

    it('fires no timer before it has told what the log held when the timer came due', async () => {
      world = newWorld();
      const gated = new GatedStream(backend.events);
      const { runner } = world.run({ executors: (given) => ({ ...given, Pay: never }), through: () => gated });
      const order = await world.place('a', { patience_ms: 1_000 });
      await untilStory(order, 1);
      await until(() => runner.status().timers === 1, { what: 'the timer to be set', everyMs: 5 });
      gated.hold();
      await world.happen({ type: 'OrderCancelled', data: { order } });
      const { heads } = gated;
      world.clock.step(3_600_000);
      await until(() => gated.heads > heads, { what: 'the timer to come due', everyMs: 5 });
      gated.letGo();
      await untilStory(order, 2);
      expect((await storyOf(order))[1]).toBe('OrderCancelled, ended: cancelled');
    });

    it('tells what happened while no runner was there before it goes on with commands', async () => {
      world = newWorld();
      const order = await world.place('a', { patience_ms: 1_000 });
      const first = world.run({ executors: (given) => ({ ...given, Pay: never }) });
      await untilStory(order, 1);
      first.plug.pull();
      await first.runner.stop();
      for (let nudge = 0; nudge < 20; nudge += 1) await world.happen({ type: 'OrderNudged', data: { order } });
      await world.happen({ type: 'OrderCancelled', data: { order } });
      world.clock.step(3_600_000);
      world.run();
      await untilSettled(order);
      const cancelled = ['OrderCancelled, ended: cancelled', 'Pay accepted, ended: cancelled'];
      expect(await storyOf(order)).toEqual([...delivered.slice(0, 1), ...cancelled]);
    });

    it('lets two runners race without doing anything twice', async () => {
      world = newWorld();
      const [one, other] = await backend.writers(2);
      world.run({ through: () => one!, name: 'one' });
      world.run({ through: () => other!, name: 'other' });
      const names = Array.from({ length: 8 }, (_, index) => `race-${index}`);
      const placed = await Promise.all(names.map((each) => world.place(each)));
      for (const order of placed) {
        await untilSettled(order);
        const steps = await world.steps(order);
        expect(story(steps)).toEqual(delivered);
        expect(repeatsOf(steps)).toEqual([]);
        expect(await accounts(backend, order)).toEqual({ account: 0, stock: 0 });
      }
    });

    it('goes on through lost answers, clashes and outages of the log', async () => {
      world = newWorld();
      const away = { kind: 'unavailable' } as const;
      world.run({
        through: (events) =>
          new FaultyStream(
            events,
            scriptedFaults({
              publish: [{ kind: 'lost_ack' }, { kind: 'in_flight' }, undefined, { kind: 'lost_message' }, away, away],
              read: [away, away, undefined, away, { kind: 'lagging_replica', messages: 3 }, undefined, away],
            }),
          ),
      });
      const order = await world.place('a');
      await untilSettled(order);
      const steps = await world.steps(order);
      expect(story(steps)).toEqual(delivered);
      expect(repeatsOf(steps)).toEqual([]);
    });

    if (restarts)
      it('goes on after its server was restarted', async () => {
        world = newWorld();
        const held = deferred();
        world.run({
          executors: (given) => ({
            ...given,
            async Pay(command, meta) {
              await held.promise;
              return given.Pay(command, meta);
            },
          }),
        });
        const order = await world.place('a');
        await untilStory(order, 1);
        await backend.disrupt!();
        held.resolve();
        await untilSettled(order);
        expect(await storyOf(order)).toEqual(delivered);
      });

    it('reports an executor that hangs or fails, lets the others go on, and drops nothing', async () => {
      world = newWorld();
      let ready = false;
      const attempts: string[] = [];
      const signals: AbortSignal[] = [];
      const { runner, notices } = world.run({
        concurrency: 1,
        executeWithinMs: 500,
        stuckAfter: 2,
        executors: (given) => ({
          ...given,
          Pay(command, meta) {
            if (ready || !command.account.includes('stuck')) return given.Pay(command, meta);
            attempts.push(meta.commandId);
            signals.push(meta.signal);
            if (attempts.length % 2 === 0) throw new Error('the bank is closed');
            return new Promise(() => undefined);
          },
        }),
      });
      const stuck = await world.place('stuck');
      await until(() => runner.status().stuck.length > 0, { what: 'the command to be reported', everyMs: 5 });
      expect(runner.status().stuck[0]).toMatchObject({ id: stuck, type: 'Pay', stuck: true });
      expect(new Set(attempts).size).toBe(1);
      expect(signals[0]!.aborted).toBe(true);
      const reasons = notices.flatMap((each) => (each.kind === 'command_failed' ? [each.failure.reason] : []));
      expect(reasons.slice(0, 2)).toEqual(['Pay: no outcome within 500 ms', 'the bank is closed']);
      const other = await world.place('other');
      await untilSettled(other);
      expect(openCommandsOf(await world.steps(stuck))).toHaveLength(1);
      ready = true;
      await untilSettled(stuck);
      expect(runner.status().stuck).toEqual([]);
    });

    it('keeps what a process cannot take for when it can, and tells the others meanwhile', async () => {
      world = newWorld();
      let broken = true;
      const { runner } = world.run({
        process: (given) => ({
          ...given,
          react(message, ...rest) {
            if (broken && message.kind === 'event' && message.event.data.order.includes('odd'))
              throw new Error('no idea what to do');
            return given.react(message, ...rest);
          },
        }),
      });
      const odd = await world.place('odd', { parts: 0 });
      await world.happen({ type: 'OrderCancelled', data: { order: odd } });
      const plain = await world.place('plain');
      await untilSettled(plain);
      expect(runner.status().blocked).toMatchObject([{ id: odd, reason: 'no idea what to do' }]);
      expect(await storyOf(odd)).toEqual([]);
      broken = false;
      await untilSettled(odd);
      expect((await storyOf(odd)).slice(0, 2)).toEqual([
        'OrderPlaced, issue Pay, set patience',
        'OrderCancelled, ended: cancelled',
      ]);
      await until(() => runner.status().blocked.length === 0, { what: 'the trouble to be over', everyMs: 5 });
    });

    it('skips and counts what it cannot read', async () => {
      world = newWorld();
      const order = await world.place('a');
      // To this reader an account's events are of a newer build.
      const { runner, notices } = world.run();
      await untilSettled(order);
      await until(async () => (await runner.gap()) === 0, { what: 'the log to be told', everyMs: 5 });
      const skipped = notices.filter(({ kind }) => kind === 'skipped');
      expect(runner.status().skipped).toBe(skipped.length);
      const { lastSeq } = await backend.events.head();
      const messages = await backend.events.readFrom(1, lastSeq, 'leader');
      expect(skipped).toHaveLength(messages.filter(({ subject }) => subject.startsWith('evt.ledger.')).length);
    });

    it('goes on from its checkpoint, and from the beginning where it does not fit', async () => {
      world = newWorld();
      const choices = { snapshots: backend.snapshots, name: `checkpoint ${name}` };
      const first = world.run(choices);
      const order = await world.place('a', { parts: 0 });
      await until(async () => timersOf(await world.steps(order)).includes('rest'), { what: 'it to rest', everyMs: 5 });
      await first.runner.stop();
      const left = first.runner.status();
      const second = world.run(choices);
      await until(() => second.runner.status().state === 'running', { what: 'it to run', everyMs: 5 });
      expect(second.notices[0]).toMatchObject({ kind: 'started', position: left.position });
      expect(left.position).toBeGreaterThan(0);
      expect(second.runner.status()).toMatchObject({ timers: 1, processes: 1, skipped: left.skipped });
      await untilSettled(order);
      await second.runner.stop();

      const grown = world.run({ ...choices, processes: (given) => [given, { ...given, name: 'another' }] });
      await until(() => grown.runner.status().state !== 'starting', { what: 'it to start', everyMs: 5 });
      expect(grown.notices[0]).toMatchObject({ kind: 'started', position: 0 });
    });

    it('ends in order: what runs is settled, what waits is left for the next start', async () => {
      world = newWorld();
      const held = deferred();
      const asked: string[] = [];
      const { runner } = world.run({
        concurrency: 1,
        executors: (given) => ({
          ...given,
          async Pay(command, meta) {
            asked.push(command.account);
            await held.promise;
            return given.Pay(command, meta);
          },
        }),
      });
      const [one, two] = [await world.place('one'), await world.place('two')];
      await untilStory(one, 1);
      await untilStory(two, 1);
      await until(() => asked.length === 1, { what: 'the first payment to be asked for', everyMs: 5 });
      const stopped = runner.stop();
      held.resolve();
      await stopped;
      expect(asked).toHaveLength(1);
      expect((await world.steps(asked[0]!)).at(1)?.input).toMatchObject({ kind: 'settlement', type: 'Pay' });
      expect(await world.steps(asked[0] === one ? two : one)).toHaveLength(1);
      expect(runner.status().state).toBe('stopped');
      world.run();
      for (const order of [one, two]) await untilSettled(order);
    });

    it('is not kept from stopping by a log that is gone', async () => {
      world = newWorld();
      const { runner, plug } = world.run();
      const order = await world.place('a');
      await untilStory(order, 1);
      plug.pull();
      expect(() => {
        plug.check();
      }).toThrow(PowerCut);
      await runner.stop();
      expect(runner.status().state).toBe('stopped');
      world.run();
      await untilSettled(order);
    });
  });
}

async function accounts(backend: Backend, order: string): Promise<{ account: number; stock: number }> {
  return { account: await balanceOf(backend, order), stock: await balanceOf(backend, `${order}-stock`) };
}

async function balanceOf({ events }: Backend, account: string): Promise<number> {
  let balance = 0;
  for (const { headers, data } of await events.readSubject(`evt.ledger.${account}`, 1, 'leader')) {
    const { amount } = JSON.parse(Buffer.from(data).toString('utf8')) as { amount: number };
    balance += headers.get('ce-type') === 'Deposited' ? amount : -amount;
  }
  return balance;
}

/** An executor that hangs. */
const never = (): Promise<never> => new Promise(() => undefined);

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
