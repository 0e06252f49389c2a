import { describe, expect, it } from '@jest/globals';
import { scoreAlarms } from './score.js';

describe('the score of alarms', () => {
  it('counts an alarm of an episode once, and what is outside of episodes as false', () => {
    const alarms = [500, 1990, 2040, 2041, 2999, 3000, 4500, 5100];
    expect(scoreAlarms({ samples: 6000, alarms, changes: [2000, 4000], within: 1000 })).toEqual({
      ...{ samples: 6000, alarms: 8, false_alarms: 4, repeated: 2, recall: 1, precision: 2 / 6 },
      episodes: [
        { change: 2000, end: 3000, found: 2040, delay: 40 },
        { change: 4000, end: 5000, found: 4500, delay: 500 },
      ],
      mean_delay: 270,
      false_alarms_per_10000: 10,
      mean_time_between_false_alarms: 1000,
      mean_time_ratio: 1000 / 270,
    });
  });

  it('gives a change half of what lies before the next one or the end, and never more than up to the next one', () => {
    const changes = [1000, 2000];
    const halves = scoreAlarms({ samples: 5000, alarms: [1500, 3499, 3500], changes });
    expect(halves.episodes).toEqual([
      { change: 1000, end: 1500, found: null, delay: null },
      { change: 2000, end: 3500, found: 3499, delay: 1499 },
    ]);
    expect(halves).toMatchObject({ false_alarms: 2, recall: 0.5, precision: 1 / 3, mean_delay: 1499 });
    const whole = scoreAlarms({ samples: 5000, alarms: [2000], changes, within: 10_000 });
    expect(whole.episodes.map(({ end, found }) => [end, found])).toEqual([
      [2000, null],
      [5000, 2000],
    ]);
    expect(whole.mean_delay).toBe(0);
    expect(whole.mean_time_ratio).toBeNull();
  });

  it('tells the rate of alarms where no change is known, and nothing of what is not there', () => {
    expect(scoreAlarms({ samples: 40_000, alarms: [10, 20], changes: [] })).toMatchObject({
      ...{ false_alarms: 2, false_alarms_per_10000: 0.5, mean_time_between_false_alarms: 20_000 },
      ...{ recall: null, precision: 0, mean_delay: null, mean_time_ratio: null, episodes: [] },
    });
    expect(scoreAlarms({ samples: 0, alarms: [], changes: [] })).toMatchObject({
      ...{ false_alarms_per_10000: null, precision: null, mean_time_between_false_alarms: null },
    });
  });

  it.each([
    [{ samples: 10, alarms: [10], changes: [] }, 'alarms: expected whole numbers from 0 to 9, got 10'],
    [{ samples: 10, alarms: [], changes: [3, 3] }, 'changes: expected them to ascend, got 3 behind 3'],
    [{ samples: 10, alarms: [2, 1], changes: [] }, 'alarms: expected them to ascend, got 1 behind 2'],
    [{ samples: 10, alarms: [], changes: [1.5] }, 'changes: expected whole numbers from 0 to 9, got 1.5'],
    [{ samples: 10, alarms: [], changes: [], within: 0 }, 'within: expected a whole number from 1, got 0'],
  ])('refuses %j', (given, message) => {
    expect(() => scoreAlarms(given)).toThrow(new RangeError(message));
  });
});
