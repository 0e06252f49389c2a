import { StreamRefused } from '#libs/event-log/index.js';
import { messageOf, ModelogError } from '#libs/kernel/index.js';

/** What has no form on the log. */
class Unencodable extends Error {}

/** @throws Unencodable. */
export function encoded<T>(encode: () => T): T {
  try {
    return encode();
  } catch (error) {
    throw new Unencodable(messageOf(error), { cause: error });
  }
}

/** JetStream's, and what the client says of what is larger than the server's limit. */
const messageTooLarge = 10054;
const overPayload = /max_payload/;

/** Whether it is the output itself that the log cannot hold. */
export const isUnfit = (error: unknown): boolean =>
  error instanceof Unencodable ||
  (error instanceof ModelogError && error.code === 'invalid_event') ||
  (error instanceof StreamRefused && (error.errorCode === messageTooLarge || overPayload.test(error.reason)));
