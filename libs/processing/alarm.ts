/** Rings once after so many milliseconds. @returns takes it back. Passed in, so that a test says when time passes. */
export type Alarm = (milliseconds: number, ring: () => void) => () => void;

export const systemAlarm: Alarm = (milliseconds, ring) => {
  const timer = setTimeout(ring, milliseconds);
  return () => {
    clearTimeout(timer);
  };
};

/** Resolves after so many milliseconds, or at once when the signal aborts. */
export function pause(alarm: Alarm, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = alarm(milliseconds, done);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** Milliseconds to wait after so many failures in a row: twice as long each time, spread so that runners do not meet. */
export const backOff = (
  failures: number,
  { first, most, random }: { readonly first: number; readonly most: number; readonly random: () => number },
): number => Math.min(most, first * 2 ** Math.min(failures - 1, 30)) * (0.5 + random() / 2);
