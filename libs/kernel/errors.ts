/** Thrown only for what no caller can turn into an answer of its own; a refusal is a value (see Result). */
export class ModelogError extends Error {
  constructor(
    /** Stable, machine-readable. */
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** What a caught value says of itself, for a log line or an error's detail. */
export const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
