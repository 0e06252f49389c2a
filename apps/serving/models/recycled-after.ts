import type { LoadArtifact } from './load-artifact.js';

export interface Recycling {
  readonly afterLoads: number;
  /** Told how many models were loaded whenever it is time. */
  readonly ask: (opened: number) => void;
}

/**
 * Loads as `load` does, and asks for another process whenever so many models more were loaded: each leaves a little memory
 * behind that only the end of the process gives back. What it loads before it serves does not count, for its successor
 * has to load that as well.
 */
export function recycledAfter(
  { afterLoads, ask }: Recycling,
  isServing: () => boolean,
  load: LoadArtifact,
): LoadArtifact {
  let opened = 0;
  return async (...args) => {
    const loaded = await load(...args);
    if (loaded?.ok !== true || !isServing()) return loaded;
    opened += 1;
    if (opened % afterLoads === 0) ask(opened);
    return loaded;
  };
}
