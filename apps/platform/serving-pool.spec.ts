import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { SupervisedProcess } from './processes/supervised-process.js';
import { ServingPool } from './serving-pool.js';

/** Processes that become ready when they are told to, and what happened to them, in order. */
class Bench {
  readonly story: string[] = [];
  readonly counts: number[] = [];
  /** Of the starts under way: by component. */
  readonly starting = new Map<string, { ready(): void; fail(error: Error): void }>();
  isImmediate = true;

  readonly supervise = (slot: number): SupervisedProcess => {
    const component = `serving-${slot}`;
    return {
      component,
      start: () => {
        this.story.push(`start ${slot}`);
        if (this.isImmediate) return Promise.resolve();
        return new Promise((resolve, reject) => {
          this.starting.set(component, { ready: resolve, fail: reject });
        });
      },
      restart: () => Promise.resolve(),
      stop: () => {
        this.story.push(`stop ${slot}`);
        this.starting.get(component)?.fail(new Error(`${component} was stopped while starting`));
        return Promise.resolve();
      },
    };
  };

  pool(count: number): ServingPool {
    return new ServingPool({
      supervise: this.supervise,
      count,
      onCount: (now) => this.counts.push(now),
      beforeStop: () => {
        this.story.push('before the stop');
        return Promise.resolve();
      },
      logger: pino({ level: 'silent' }),
    });
  }
}

/** Lets everything that waits for nothing but promises happen. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a serving pool', () => {
  it('replaces a process by one in the lowest free slot, which is ready first', async () => {
    const bench = new Bench();
    const pool = bench.pool(2);
    await pool.start();
    bench.isImmediate = false;
    pool.hear({ type: 'recycle', reason: 'enough' }, 0);
    pool.hear({ type: 'recycle', reason: 'enough' }, 0);
    await settled();
    expect(bench.story).toEqual(['start 0', 'start 1', 'start 2']);
    bench.starting.get('serving-2')!.ready();
    await settled();
    expect(bench.story.slice(2)).toEqual(['start 2', 'stop 0']);
    expect(pool.count).toBe(2);

    bench.isImmediate = true;
    pool.replace(1, 'its turn');
    await settled();
    expect(bench.story.slice(4)).toEqual(['start 0', 'stop 1']);
  });

  it('keeps the process that could not be replaced, and can try again', async () => {
    const bench = new Bench();
    const pool = bench.pool(1);
    await pool.start();
    bench.isImmediate = false;
    pool.replace(0, 'enough');
    await settled();
    bench.starting.get('serving-1')!.fail(new Error('it does not start'));
    await settled();
    expect(bench.story).toEqual(['start 0', 'start 1']);
    expect(pool.count).toBe(1);
    bench.isImmediate = true;
    pool.replace(0, 'enough');
    await settled();
    expect(bench.story.slice(2)).toEqual(['start 1', 'stop 0']);
  });

  it('grows at once and gives the highest slots up, and says how many there are', async () => {
    const bench = new Bench();
    const pool = bench.pool(1);
    await pool.start();
    pool.hear({ type: 'serving_processes', count: 4 });
    await settled();
    pool.scaleTo(2);
    await settled();
    expect(bench.story).toEqual(['start 0', 'start 1', 'start 2', 'start 3', 'stop 3', 'stop 2']);
    expect(bench.counts).toEqual([1, 4, 2]);
  });

  it('is done with a change when all that it started are ready or gone', async () => {
    const bench = new Bench();
    const pool = bench.pool(1);
    await pool.start();
    bench.isImmediate = false;
    pool.scaleTo(3);
    await settled();
    pool.scaleTo(1);
    bench.starting.get('serving-1')!.fail(new Error('it does not start'));
    await settled();
    expect(bench.story).toEqual(['start 0', 'start 1', 'start 2']);
    bench.starting.get('serving-2')!.ready();
    await settled();
    expect(bench.story.slice(3)).toEqual(['stop 2']);
    expect(bench.counts).toEqual([1, 2, 1]);
  });

  it('does one change after the other: the newest number holds', async () => {
    const bench = new Bench();
    const pool = bench.pool(2);
    await pool.start();
    bench.isImmediate = false;
    pool.replace(0, 'enough');
    pool.scaleTo(3);
    pool.scaleTo(1);
    await settled();
    bench.starting.get('serving-2')!.ready();
    await settled();
    expect(bench.story).toEqual(['start 0', 'start 1', 'start 2', 'stop 0', 'stop 2']);
    expect(pool.count).toBe(1);
  });

  it('says which process cannot be started at first', async () => {
    const bench = new Bench();
    bench.isImmediate = false;
    const pool = bench.pool(1);
    const start = expect(pool.start()).rejects.toThrow('no such program');
    bench.starting.get('serving-0')!.fail(new Error('no such program'));
    await start;
  });

  it('can be stopped in the middle of a replacement, and starts nothing any more', async () => {
    const bench = new Bench();
    const pool = bench.pool(1);
    await pool.start();
    bench.isImmediate = false;
    pool.replace(0, 'enough');
    await settled();
    await pool.stop();
    expect(bench.story).toEqual(['start 0', 'start 1', 'before the stop', 'stop 0', 'stop 1']);
    pool.scaleTo(5);
    await settled();
    expect(bench.story).toHaveLength(5);
  });
});
