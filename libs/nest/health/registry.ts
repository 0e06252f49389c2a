import type { Clock } from '#libs/kernel/index.js';
import { messageOf } from '#libs/kernel/index.js';

/** Resolves when the component can serve; rejects with the reason when it cannot. Should stop when the signal aborts. */
export type HealthCheck = (signal: AbortSignal) => void | Promise<void>;

export interface ComponentHealth {
  readonly component: string;
  readonly healthy: boolean;
  /** Why it cannot serve. */
  readonly reason?: string;
  /** Milliseconds the check took. */
  readonly tookMs: number;
}

export interface HealthReport {
  readonly ready: boolean;
  readonly components: readonly ComponentHealth[];
}

/** The components that a process needs, each with a check that is asked anew for every report. */
export class HealthRegistry {
  readonly #checks = new Map<string, HealthCheck>();

  constructor(
    private readonly options: {
      readonly clock: Clock;
      /** Milliseconds until a check that has not answered counts as failed (default 2,000). */
      readonly timeoutMs?: number;
    },
  ) {}

  /** @returns a function that takes the check out again. @throws TypeError when the name is taken. */
  register(component: string, check: HealthCheck): () => void {
    if (this.#checks.has(component)) throw new TypeError(`health check '${component}' is registered already`);
    this.#checks.set(component, check);
    return () => {
      if (this.#checks.get(component) === check) this.#checks.delete(component);
    };
  }

  /** All checks at once; never rejects. In order of registration. */
  async report(): Promise<HealthReport> {
    const components = await Promise.all(Array.from(this.#checks, ([component, check]) => this.#ask(component, check)));
    return { ready: components.every(({ healthy }) => healthy), components };
  }

  async #ask(component: string, check: HealthCheck): Promise<ComponentHealth> {
    const { clock, timeoutMs = 2_000 } = this.options;
    const begun = clock.monotonic();
    const reason = await failureWithin(timeoutMs, check);
    const tookMs = clock.monotonic() - begun;
    return reason === undefined ? { component, healthy: true, tookMs } : { component, healthy: false, reason, tookMs };
  }
}

/** Undefined when the check passed in time, else why not. */
async function failureWithin(timeoutMs: number, check: HealthCheck): Promise<string | undefined> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      resolve(`no answer within ${timeoutMs} ms`);
    }, timeoutMs);
  });
  const asked = (async () => check(abort.signal))().then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}
