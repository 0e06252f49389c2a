import { reject, type Result } from '#libs/kernel/index.js';

/**
 * Why a data set is refused: `malformed` its bytes are not what the format says · `unsupported` a format, or values in it,
 * that are not read here · `too_large` more than a limit allows · `not_allowed` it lies outside of what may be read ·
 * `not_found` there is nothing · `unavailable` its server did not answer as it should, or it changed while it was read ·
 * `unfit` a feature pipeline that does not fit the table.
 */
export type DatasetRefusalReason =
  'malformed' | 'unsupported' | 'too_large' | 'not_allowed' | 'not_found' | 'unavailable' | 'unfit';

export interface DatasetRefusal {
  readonly reason: DatasetRefusalReason;
  /** `line 7` (text, from 1, with the header), `row 3` (from 1), `column 'age'`; null: the data as a whole. */
  readonly where: string | null;
  /** Where it is, what was found and what was expected. */
  readonly detail: string;
}

/** Leaves a reading function from any depth; `orRefusal` turns it into the value that callers see. */
export class Refused extends Error {
  readonly refusal: DatasetRefusal;

  constructor(reason: DatasetRefusalReason, where: string | null, what: string) {
    const detail = where === null ? what : `${where}: ${what}`;
    super(detail);
    this.name = 'Refused';
    this.refusal = { reason, where, detail };
  }
}

/** As `orRefusal`, for reading that takes turns of the event loop. */
export async function orRefusalLater<T>(
  read: () => Promise<Result<T, DatasetRefusal>>,
): Promise<Result<T, DatasetRefusal>> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof Refused) return reject(thrown.refusal);
    throw thrown;
  }
}

export function orRefusal<T>(read: () => Result<T, DatasetRefusal>): Result<T, DatasetRefusal> {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof Refused) return reject(thrown.refusal);
    throw thrown;
  }
}
