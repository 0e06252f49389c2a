import { fieldError, type FieldError } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { z } from 'zod';

const timeoutMs = 1_500;

const refused = z.object({ detail: z.string(), errors: z.array(fieldError).optional() });

/** What a serving process asks the api itself, beside forwarding. */
export function apiClient(apiUrl: string) {
  const get = (path: string, signal: AbortSignal): Promise<Response> =>
    fetch(new URL(path, apiUrl), { signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), signal]) });
  return {
    /** @throws Error naming the components of the api that cannot serve, or why it does not answer. */
    async requireReady(signal: AbortSignal): Promise<void> {
      let response: Response;
      try {
        response = await get('/health/ready', signal);
      } catch (error) {
        throw new Error(`the api does not answer: ${causeOf(error)}`, { cause: error });
      }
      const body: unknown = await response.json().catch(() => null);
      if (response.ok) return;
      const parsed = refused.safeParse(body);
      throw new Error(parsed.success ? reasonOf(parsed.data) : `the api answers with ${response.status}`);
    },
  };
}

const reasonOf = ({ detail, errors = [] }: { detail: string; errors?: readonly FieldError[] | undefined }): string =>
  errors.length === 0 ? detail : errors.map(({ path, message }) => `${path}: ${message}`).join('; ');

/** fetch hides the reason in the cause. */
const causeOf = (error: unknown): string =>
  messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
