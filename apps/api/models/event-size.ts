/** What one event of the log can hold. */
import { rejection, type Rejection } from '#libs/contracts/index.js';
import { StreamRefused } from '#libs/event-log/index.js';
import { ProblemException } from '#libs/nest/index.js';

/** What is written into an event, field by field. */
export interface Written {
  /** `registration` */
  readonly what: string;
  readonly fields: object;
}

/** What `append` gives. @throws ProblemException where the event is too large for the log, by what takes the room */
export async function orTooLarge<T>(written: Written, append: () => Promise<T>): Promise<T> {
  try {
    return await append();
  } catch (error) {
    throw isTooLarge(error) ? new ProblemException(tooLarge(written), {}, { cause: error }) : error;
  }
}

/** The client's check against the server's max_payload, or the stream's own limit on a message. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof StreamRefused && (error.errorCode === 10_054 || /max_payload/.test(error.reason));

/** Names what takes the most room: what the caller wrote, or the features of the model. */
function tooLarge({ what, fields }: Written): Rejection {
  const [field, value, bytes] = Object.entries(fields)
    .map(([name, value]): [string, unknown, number] => [name, value, Buffer.byteLength(JSON.stringify(value))])
    .reduce((largest, each) => (each[2] > largest[2] ? each : largest));
  const told = `the ${what} is larger than one event of the log may be; ${field} takes ${bytes} bytes of it`;
  if (field !== 'signature')
    return rejection('invalid_request', told, [{ path: field, message: `expected less than ${bytes} bytes` }]);
  const { features } = value as { features: readonly unknown[] };
  return rejection('unsupported_model', `${features.length} features are too many to record: ${told}`, [
    { path: 'artifact', message: 'expected fewer features, or one feature that is an array' },
  ]);
}
