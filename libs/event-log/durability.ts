import { z } from 'zod';
import { messageOf } from '#libs/kernel/index.js';
import { StreamUnavailable } from './errors.js';

export interface Durability {
  /** True: an acknowledged message is on the disk (`sync_interval: always`). */
  readonly syncAlways: boolean;
  /** Milliseconds between two flushes otherwise. */
  readonly syncIntervalMs: number;
}

/**
 * What the server itself reports of when it flushes.
 * @param monitorUrl base URL of its monitoring port
 * @throws StreamUnavailable when it cannot be asked or does not say.
 */
export async function readDurability(monitorUrl: string): Promise<Durability> {
  const url = new URL('/jsz?config=1', monitorUrl).href;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    const { config } = report.parse(await response.json());
    return { syncAlways: config.sync_always, syncIntervalMs: config.sync_interval / 1e6 };
  } catch (error) {
    throw new StreamUnavailable(`durability reported at ${url}`, messageOf(error), { cause: error });
  }
}

const timeoutMs = 5_000;

const report = z.object({
  config: z.object({ sync_always: z.boolean().default(false), sync_interval: z.number().default(0) }),
});
