import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { RunObserver } from '#libs/inference/index.js';
import type { Rollout } from '../routing/routing-table.js';

type Named = Pick<Rollout, 'deployment' | 'rolloutId'>;

/**
 * Which rollout's model the process is running, in a file that outlives it. Its first line holds two numbers of six
 * digits, of what runs and of what is being loaded (0: nothing); each further line is JSON, the process's epoch first and
 * then the rollout behind each number, in order.
 *
 * A write of six bytes takes 1.4 µs, so a rollout that runs again and again is written once, and taken back when nothing
 * has run for 20 ms. While a model is being loaded every run is taken back when it ends: then both numbers are exact.
 */
export class CrashJournal {
  readonly #file: number;
  readonly #slots = new Map<string, number>();
  readonly #loading: number[] = [];
  #running = 0;
  #hasRun = false;
  #end = firstLineBytes;
  #timer: NodeJS.Timeout | undefined;

  /** Begins a new file. @throws the system's error where it cannot be written */
  constructor(path: string, epoch: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.#file = openSync(path, 'w');
    writeSync(this.#file, `${digits(0)} ${digits(0)}\n`, 0);
    this.#append({ epoch });
  }

  /** To be told of the runs of a rollout's model. */
  observe(rollout: Named): RunObserver {
    const slot = this.#slotOf(rollout);
    const entry = Buffer.from(digits(slot));
    return {
      before: () => {
        this.#hasRun = true;
        if (this.#running === slot) return;
        this.#running = slot;
        writeSync(this.#file, entry, 0, entryBytes, runningAt);
        this.#timer ??= this.#watch();
      },
      after: () => {
        if (this.#loading.length > 0) this.#nothingRuns();
      },
    };
  }

  /** Around the loading of a rollout's model, its first runs included. Settles as `load` does. */
  async loading<T>(rollout: Named, load: () => Promise<T>): Promise<T> {
    const slot = this.#slotOf(rollout);
    this.#nothingRuns();
    this.#loading.push(slot);
    this.#writeLoading();
    try {
      return await load();
    } finally {
      this.#loading.splice(this.#loading.indexOf(slot), 1);
      this.#writeLoading();
    }
  }

  close(): void {
    clearInterval(this.#timer);
    closeSync(this.#file);
  }

  #slotOf({ deployment, rolloutId }: Named): number {
    const known = this.#slots.get(rolloutId);
    if (known !== undefined) return known;
    const slot = this.#slots.size + 1;
    this.#slots.set(rolloutId, slot);
    this.#append({ slot, deployment, rollout_id: rolloutId });
    return slot;
  }

  #watch(): NodeJS.Timeout {
    const timer = setInterval(() => {
      if (!this.#hasRun) this.#nothingRuns();
      this.#hasRun = false;
    }, takenBackAfterMs);
    timer.unref();
    return timer;
  }

  #nothingRuns(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#running === 0) return;
    this.#running = 0;
    writeSync(this.#file, nothing, 0, entryBytes, runningAt);
  }

  #writeLoading(): void {
    writeSync(this.#file, digits(this.#loading.at(-1) ?? 0), loadingAt);
  }

  /** Behind what is there: the two numbers are written by their place. */
  #append(line: z.input<typeof epochLine> | z.input<typeof slotLine>): void {
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    writeSync(this.#file, bytes, 0, bytes.length, this.#end);
    this.#end += bytes.length;
  }
}

/** What the journal of a process that has ended tells. */
export interface LastEntry {
  readonly epoch: string;
  /** What ran, or was being loaded, when it ended; null: nothing. */
  readonly rollout: Named | null;
}

/** Undefined where there is no journal, or one that a full disk cut off. */
export function readJournal(path: string): LastEntry | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const [numbers = '', first = '', ...lines] = text.split('\n');
  const epoch = epochLine.safeParse(jsonOf(first));
  if (!epoch.success) return undefined;
  const [running = 0, loading = 0] = numbers.split(' ').map(Number);
  const slot = running === 0 ? loading : running;
  const found = slotLine.safeParse(jsonOf(lines[slot - 1] ?? ''));
  const rollout = found.success ? { deployment: found.data.deployment, rolloutId: found.data.rollout_id } : null;
  return { epoch: epoch.data.epoch, rollout };
}

const entryBytes = 6;
const runningAt = 0;
const loadingAt = entryBytes + 1;
const firstLineBytes = 2 * entryBytes + 2;
const takenBackAfterMs = 20;

const digits = (slot: number): string => String(slot).padStart(entryBytes, '0');
const nothing = Buffer.from(digits(0));

const epochLine = z.object({ epoch: z.string() });
const slotLine = z.object({ slot: z.int().positive(), deployment: z.string(), rollout_id: z.string() });

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
