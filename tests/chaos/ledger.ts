/** What clients were told: written by the callers of the product, never by the product. */
export interface Answer {
  readonly predictionId: string;
  readonly requestId: string;
  readonly version: string;
  readonly output: unknown;
}

export interface Ledger {
  readonly answers: Answer[];
  /** Requests that failed or were refused, by what the client saw. A crash may cost these; never an answer. */
  readonly failures: Map<string, number>;
}

export const newLedger = (): Ledger => ({ answers: [], failures: new Map() });

export const countFailure = (ledger: Ledger, what: string): void => {
  ledger.failures.set(what, (ledger.failures.get(what) ?? 0) + 1);
};
