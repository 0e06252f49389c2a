import { describe, expect, it } from '@jest/globals';
import { Conditions, findingIdOf } from './conditions.js';

const place = { deployment: 'churn', model: 'churn-model', version: '1.0.0' };

/** What is told of a row of judgements: `+` wrong, `-` right, `?` nothing. */
function told(judgements: string, raiseAfter: number, clearAfter: number): string {
  let conditions = new Conditions(place);
  return Array.from(judgements, (judgement, index) => {
    const wrong = judgement === '?' ? null : judgement === '+';
    const change = conditions.observe(
      'data_drift/features',
      wrong,
      { raiseAfter, clearAfter },
      { seq: index + 1, row: 0 },
    );
    conditions = new Conditions(place, conditions.state());
    return change === null ? '.' : change.change === 'raised' ? 'R' : 'C';
  }).join('');
}

describe('conditions', () => {
  it.each([
    ['+++---', 1, 1, 'R..C..'],
    ['+-+-+', 1, 2, 'R....'],
    ['+--+--', 1, 2, 'R.CR.C'],
    ['+-++--', 2, 1, '...RC.'],
    ['-------', 1, 1, '.......'],
    // What is not known neither counts nor breaks a row.
    ['+?+?-?-?', 2, 2, '..R...C.'],
  ])('of %s are told after %i and over after %i: %s', (judgements, raiseAfter, clearAfter, expected) => {
    expect(told(judgements, raiseAfter, clearAfter)).toBe(expected);
  });

  it('have ids of where they were raised, of their version and of their name', () => {
    const ids = [
      findingIdOf(place, 'a', { seq: 1, row: 2 }),
      findingIdOf(place, 'a', { seq: 12, row: 0 }),
      findingIdOf(place, 'b', { seq: 1, row: 2 }),
      findingIdOf({ ...place, version: '1.0.1' }, 'a', { seq: 1, row: 2 }),
      findingIdOf({ ...place, deployment: 'other' }, 'a', { seq: 1, row: 2 }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    // Stored findings have it: it must not change.
    expect(ids[0]).toBe('2ab4c678-0dc9-5586-9ee3-dfdc26b57b63');
    const conditions = new Conditions(place);
    const at = { seq: 1, row: 2 };
    const hysteresis = { raiseAfter: 1, clearAfter: 1 };
    expect(conditions.observe('a', true, hysteresis, at)?.finding_id).toBe(ids[0]);
    expect(conditions.observe('a', false, hysteresis, { seq: 9, row: 9 })?.finding_id).toBe(ids[0]);
  });

  it('are forgotten when they are over', () => {
    const conditions = new Conditions(place);
    const at = { seq: 1, row: 0 };
    const twice = { raiseAfter: 2, clearAfter: 1 };
    conditions.observe('a', true, twice, at);
    expect([conditions.none, conditions.open(), conditions.isOpen('a')]).toEqual([false, [], false]);
    conditions.observe('a', true, twice, at);
    expect([conditions.none, conditions.open(), conditions.isOpen('a')]).toEqual([false, ['a'], true]);
    conditions.observe('a', false, twice, at);
    expect([conditions.none, conditions.open(), conditions.isOpen('a')]).toEqual([true, [], false]);
  });
});
