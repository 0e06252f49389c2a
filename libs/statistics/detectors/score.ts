/**
 * How well alarms tell changes that are known. The figures are those of Bifet, "Classifier Concept Drift Detection and the
 * Illusion of Progress" (ICAISC 2017): mean time between false alarms (MTFA), mean time to detection (MTD), missed detection
 * rate (MDR) and MTR = MTFA / MTD · (1 − MDR). As in Lavin and Ahmad's Numenta Anomaly Benchmark (2015) a change has a window
 * in which it may be found; an alarm counts there once, and everywhere else it is false.
 */

/** Places are indices of samples, from 0. */
export interface AlarmsToScore {
  /** Samples that were watched. */
  readonly samples: number;
  /** Ascending. */
  readonly alarms: readonly number[];
  /** First sample of each new concept. */
  readonly changes: readonly number[];
  /**
   * Samples from a change on in which it may be found, at most up to the next change. Left out: half of what lies before the
   * next change or the end.
   */
  readonly within?: number | undefined;
}

export interface AlarmScore {
  readonly samples: number;
  readonly alarms: number;
  /** One for each change: where it was found first, and how many samples after the change. */
  readonly episodes: readonly AlarmEpisode[];
  /** Outside of all episodes. */
  readonly false_alarms: number;
  /** Further alarms of a change that was found already: neither right nor wrong. */
  readonly repeated: number;
  /** Of the changes those that were found; null without changes. */
  readonly recall: number | null;
  /** Of the first alarms of episodes and the false ones, the former; null without either. */
  readonly precision: number | null;
  /** MTD, in samples; null where no change was found. */
  readonly mean_delay: number | null;
  /** In 10,000 samples outside of episodes; null where there are none. */
  readonly false_alarms_per_10000: number | null;
  /** MTFA: samples outside of episodes for each false alarm; null without one. */
  readonly mean_time_between_false_alarms: number | null;
  /** MTR; null where one of its parts is. */
  readonly mean_time_ratio: number | null;
}

export interface AlarmEpisode {
  readonly change: number;
  /** The first sample that is too late. */
  readonly end: number;
  readonly found: number | null;
  readonly delay: number | null;
}

/** O(alarms + changes). @throws RangeError for places that are not whole numbers, ascending, within the samples. */
export function scoreAlarms({ samples, alarms, changes, within }: AlarmsToScore): AlarmScore {
  expectPlaces('alarms', alarms, samples, true);
  expectPlaces('changes', changes, samples, false);
  if (within !== undefined && !(Number.isSafeInteger(within) && within >= 1))
    throw new RangeError(`within: expected a whole number from 1, got ${within}`);
  const episodes: AlarmEpisode[] = [];
  let [next, falseAlarms, repeated, inEpisodes] = [0, 0, 0, 0];
  for (const [index, change] of changes.entries()) {
    const follows = changes[index + 1] ?? samples;
    const end = Math.min(follows, change + (within ?? Math.max(Math.ceil((follows - change) / 2), 1)));
    for (; next < alarms.length && alarms[next]! < change; next++) falseAlarms++;
    const first = next;
    for (; next < alarms.length && alarms[next]! < end; next++);
    const found = next > first ? alarms[first]! : null;
    repeated += Math.max(next - first - 1, 0);
    inEpisodes += end - change;
    episodes.push({ change, end, found, delay: found === null ? null : found - change });
  }
  falseAlarms += alarms.length - next;
  const delays = episodes.flatMap(({ delay }) => (delay === null ? [] : [delay]));
  const outside = samples - inEpisodes;
  const recall = ratio(delays.length, changes.length);
  const meanDelay = ratio(
    delays.reduce((sum, delay) => sum + delay, 0),
    delays.length,
  );
  const between = ratio(outside, falseAlarms);
  return {
    ...{ samples, alarms: alarms.length, episodes, false_alarms: falseAlarms, repeated, recall },
    precision: ratio(delays.length, delays.length + falseAlarms),
    mean_delay: meanDelay,
    false_alarms_per_10000: ratio(10_000 * falseAlarms, outside),
    mean_time_between_false_alarms: between,
    mean_time_ratio:
      between === null || meanDelay === null || meanDelay === 0 || recall === null
        ? null
        : (between / meanDelay) * recall,
  };
}

const ratio = (part: number, of: number): number | null => (of === 0 ? null : part / of);

function expectPlaces(name: string, places: readonly number[], samples: number, mayRepeat: boolean): void {
  let before = -1;
  for (const place of places) {
    if (!Number.isSafeInteger(place) || place < 0 || place >= samples)
      throw new RangeError(`${name}: expected whole numbers from 0 to ${samples - 1}, got ${place}`);
    if (place < before || (place === before && !mayRepeat))
      throw new RangeError(`${name}: expected them to ascend, got ${place} behind ${before}`);
    before = place;
  }
}
