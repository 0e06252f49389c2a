/** The outcome of something that may be refused for a reason its caller must handle. */
export type Result<T, R> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly rejection: R };

export const accept = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });

export const reject = <R>(rejection: R): { readonly ok: false; readonly rejection: R } => ({ ok: false, rejection });

/** Closes a switch over a union: the compiler refuses a missing case, the program an unknown value. */
export function assertNever(value: never, what: string): never {
  throw new TypeError(`${what}: unexpected ${JSON.stringify(value)}`);
}
