/** Time is passed in, so that a test or a replay can say what time it is. */
export interface Clock {
  /** Wall-clock time, milliseconds since the epoch. May step backwards. */
  now(): number;
  /** Milliseconds from an arbitrary start. Never steps backwards; use it for durations and leases. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** ISO-8601 in UTC with milliseconds: the one way an instant is written. */
export const isoTime = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** The instant so many milliseconds after another one. @throws RangeError when `at` is no instant. */
export const laterBy = (at: string, milliseconds: number): string => isoTime(Date.parse(at) + milliseconds);
