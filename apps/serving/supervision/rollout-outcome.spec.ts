import { describe, expect, it } from '@jest/globals';
import type { PrepareOutcome } from '#libs/nest/index.js';
import { outcomeOf } from './rollout-outcome.js';

const loaded = (instance: string): PrepareOutcome => ({ status: 'loaded', instance, load_ms: 5 });
const failed = (instance: string, code = 'model_cannot_load'): PrepareOutcome => ({
  status: 'failed',
  instance,
  code,
  reason: 'why',
});

const silent: PrepareOutcome = { status: 'unanswered', reason: 'timeout' };

const decide = (living: string[], outcomes: Record<string, PrepareOutcome>, overdue = false) =>
  outcomeOf({ living, outcomes: new Map(Object.entries(outcomes)), overdue, timeoutS: 60 });

describe('a rollout', () => {
  it('goes live when every living process has loaded it, with their reports', () => {
    expect(decide(['a', 'b'], { a: loaded('a'), b: loaded('b') })).toEqual({
      type: 'loaded',
      instances: [
        { instance: 'a', load_ms: 5 },
        { instance: 'b', load_ms: 5 },
      ],
    });
  });

  it('does not wait for a process that is gone, and does for one that appeared meanwhile', () => {
    expect(decide(['a'], { a: loaded('a'), gone: silent })).toMatchObject({ type: 'loaded' });
    expect(decide(['a', 'new'], { a: loaded('a') })).toBeNull();
    expect(decide(['a', 'b'], { a: loaded('a'), b: silent })).toBeNull();
  });

  it('fails as soon as one living process cannot load it', () => {
    expect(decide(['a', 'b'], { b: failed('b') })).toEqual({
      type: 'failed',
      code: 'model_cannot_load',
      reason: 'b: why',
    });
    expect(decide(['a'], { a: loaded('a'), dead: failed('dead') })).toMatchObject({ type: 'loaded' });
    expect(decide(['a'], { a: failed('a', 'rollout_not_in_progress') })).toBeNull();
  });

  it('fails when its time is over: nobody there, or not everybody ready', () => {
    expect(decide([], {})).toBeNull();
    expect(decide([], {}, true)).toMatchObject({ type: 'failed', code: 'no_serving_instance' });
    const late = decide(['a', 'b'], { a: loaded('a'), b: silent }, true);
    expect(late).toMatchObject({ type: 'failed', code: 'load_timeout' });
    expect(late!.type === 'failed' && late!.reason).toBe('not loaded within 60 s by b (timeout)');
    expect(decide(['a'], { a: loaded('a') }, true)).toMatchObject({ type: 'loaded' });
  });
});
