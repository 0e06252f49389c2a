import { controlSubjects, prepareReply, type PrepareReply, type PrepareRequest } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import type { NatsConnection } from '#libs/nest/index.js';

/** What asking one serving process came to. */
export type PrepareOutcome =
  | PrepareReply
  /** Nobody listens under this name: the process is gone, or not there yet. */
  | { readonly status: 'gone' }
  | { readonly status: 'unanswered'; readonly reason: string };

/** Asks a serving process to load a version and waits for its answer. Never rejects. */
export type PrepareMember = (instance: string, request: PrepareRequest, timeoutMs: number) => Promise<PrepareOutcome>;

export const prepareOver =
  (connection: NatsConnection): PrepareMember =>
  async (instance, request, timeoutMs) => {
    try {
      const message = await connection.request(controlSubjects.prepare(instance), JSON.stringify(request), {
        timeout: Math.max(1, timeoutMs),
      });
      const parsed = prepareReply.safeParse(message.json());
      return parsed.success
        ? parsed.data
        : { status: 'unanswered', reason: `${instance} answers with what is no reply` };
    } catch (error) {
      return isNoResponders(error) ? { status: 'gone' } : { status: 'unanswered', reason: messageOf(error) };
    }
  };

/** The client wraps the server's "no responders" in a RequestError. */
const isNoResponders = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === 'NoRespondersError' || (error.cause instanceof Error && isNoResponders(error.cause)));
