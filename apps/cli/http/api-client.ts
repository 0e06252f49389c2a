import type { z } from 'zod';
import { problem } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { CommandFailed } from '../errors.js';

export interface ApiClient {
  readonly url: string;
  /** The answer as its schema has it. @throws CommandFailed when it is refused, or nobody answers. */
  get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>>;
  /** Any answer, whatever its status. @throws CommandFailed when nobody answers. */
  open(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

export function apiClient(url: string, signal: AbortSignal): ApiClient {
  const base = url.replace(/\/+$/, '');
  const open = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> => {
    try {
      return await fetch(base + path, { headers: { accept: 'application/json', ...headers }, signal });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new CommandFailed(`Nobody answers at ${base}: ${reasonOf(error)}. Is Modelog running (npm start)?`, 2, {
        cause: error,
      });
    }
  };
  return {
    url: base,
    open,
    async get(path, schema) {
      const response = await open(path);
      const text = await response.text();
      if (!response.ok) throw refused(response.status, text);
      return schema.parse(JSON.parse(text));
    },
  };
}

/** What a refusal says of itself. */
export function refused(status: number, text: string): CommandFailed {
  const parsed = problem.safeParse(jsonOrUndefined(text));
  if (!parsed.success) return new CommandFailed(`The server answered ${status}: ${text.slice(0, 200)}`, 1);
  const { title, detail, code } = parsed.data;
  return new CommandFailed(`${title}: ${detail} (${code})`, 1);
}

/** fetch says no more than "fetch failed"; the cause knows. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error);

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
