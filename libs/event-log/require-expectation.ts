import { ExpectationMissing } from './errors.js';
import type { OutgoingMessage } from './stream-store.js';

/**
 * The server stores what comes without an expectation: optimistic concurrency is over with the first such message.
 * @throws ExpectationMissing
 */
export function requireExpectation({ subject, expectedLastSubjectSeq }: OutgoingMessage): void {
  if (expectedLastSubjectSeq === undefined && subject.startsWith('evt.')) throw new ExpectationMissing(subject);
}
