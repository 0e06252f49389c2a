import { statfs } from 'node:fs/promises';
import { messageOf } from '#libs/kernel/index.js';

export type DiskState = 'enough' | 'low';

const mebibyte = 2 ** 20;
/** Below it the next blocks of the log may not fit. */
export const lowBytes = 16 * mebibyte;
/** Well above, so that a disk at its limit does not turn back and forth. */
export const recoveredBytes = 48 * mebibyte;

/** The state that follows from the bytes that are free now. */
export function nextDiskState(state: DiskState, freeBytes: number): DiskState {
  if (freeBytes < lowBytes) return 'low';
  return state === 'low' && freeBytes <= recoveredBytes ? 'low' : 'enough';
}

export interface DiskWatchOptions {
  /** Bytes that a program without privileges may still write. */
  readonly freeBytes: () => Promise<number>;
  /** Resolves after the pause between two looks; rejects when the signal aborts. */
  readonly pause: (signal: AbortSignal) => Promise<unknown>;
  readonly onLow: (freeBytes: number) => void;
  readonly onRecovered: (freeBytes: number) => Promise<void>;
  /** A look, or what followed from it, failed. The same reason is told once in a row. */
  readonly onFailure: (reason: string) => void;
}

/** Looks at once and after every pause. A disk that fills up and is cleared between two looks goes unseen. */
export function watchDiskSpace(options: DiskWatchOptions): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const watching = watch(options, signal);
  return {
    async stop() {
      stopping.abort();
      await watching;
    },
  };
}

export async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

async function watch(options: DiskWatchOptions, signal: AbortSignal): Promise<void> {
  let state: DiskState = 'enough';
  let told = '';
  while (!signal.aborted) {
    try {
      state = await look(state, options);
      told = '';
    } catch (error) {
      const reason = messageOf(error);
      if (reason !== told) options.onFailure(reason);
      told = reason;
    }
    await options.pause(signal).catch(() => undefined);
  }
}

/** A recovery that fails leaves the state as it was: the next look tries again. */
async function look(state: DiskState, { freeBytes, onLow, onRecovered }: DiskWatchOptions): Promise<DiskState> {
  const free = await freeBytes();
  const next = nextDiskState(state, free);
  if (state === 'enough' && next === 'low') onLow(free);
  if (state === 'low' && next === 'enough') await onRecovered(free);
  return next;
}
