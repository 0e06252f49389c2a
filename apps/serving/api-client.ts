import { fieldError, type FieldError } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { z } from 'zod';

const timeoutMs = 1_500;

const refused = z.object({ detail: z.string(), errors: z.array(fieldError).optional() });

interface Asked {
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a serving process asks the api itself, beside forwarding. */
export function apiClient(apiUrl: string) {
  const get = (path: string, { signal, headers = {} }: Asked = {}): Promise<Response> =>
    fetch(new URL(path, apiUrl), {
      headers,
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]),
    });
  return {
    /** @throws Error naming the components of the api that cannot serve, or why it does not answer. */
    async requireReady(signal: AbortSignal): Promise<void> {
      let response: Response;
      try {
        response = await get('/health/ready', { signal });
      } catch (error) {
        throw new Error(`the api does not answer: ${causeOf(error)}`, { cause: error });
      }
      const body: unknown = await response.json().catch(() => null);
      if (response.ok) return;
      const parsed = refused.safeParse(body);
      throw new Error(parsed.success ? reasonOf(parsed.data) : `the api answers with ${response.status}`);
    },

    /** Its Prometheus exposition, asked for with this header Authorization; null while it does not answer. */
    async metrics(authorization: string | undefined): Promise<string | null> {
      try {
        const response = await get('/metrics', { headers: authorization === undefined ? {} : { authorization } });
        return response.ok ? await response.text() : null;
      } catch {
        return null;
      }
    },
  };
}

const reasonOf = ({ detail, errors = [] }: { detail: string; errors?: readonly FieldError[] | undefined }): string =>
  errors.length === 0 ? detail : errors.map(({ path, message }) => `${path}: ${message}`).join('; ');

/** fetch hides the reason in the cause. */
const causeOf = (error: unknown): string =>
  messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error);
