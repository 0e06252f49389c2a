import type { z } from 'zod';
import { problem } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { CommandFailed } from '../errors.js';

export interface ApiClient {
  readonly url: string;
  /** The answer as its schema has it. @throws CommandFailed when it is refused, or nobody answers. */
  get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>>;
  /** Any answer but 401, whatever its status. @throws CommandFailed on 401, and when nobody answers. */
  open(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

/**
 * @param token MODELOG_TOKEN, sent with every request; undefined or empty: none
 * @throws CommandFailed for a token that no header can hold
 */
export function apiClient(url: string, signal: AbortSignal, token?: string): ApiClient {
  const base = url.replace(/\/+$/, '');
  const authorization = authorizationOf(token);
  const open = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> => {
    let response: Response;
    try {
      response = await fetch(base + path, {
        headers: { accept: 'application/json', ...authorization, ...headers },
        signal,
      });
    } catch (error) {
      if (signal.aborted) throw error;
      throw new CommandFailed(`Nobody answers at ${base}: ${reasonOf(error)}. Is Modelog running (npm start)?`, 2, {
        cause: error,
      });
    }
    if (response.status === 401) throw refused(401, await response.text());
    return response;
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
  const told = `${title}: ${detail} (${code})`;
  return new CommandFailed(status === 401 ? `${told}\n${howToGetAToken}` : told, 1);
}

const howToGetAToken =
  'Commands send MODELOG_TOKEN. Whoever has MODELOG_AUTH_SECRET can sign one: export MODELOG_TOKEN=$(npx modelog token --role viewer --actor <you>)';

function authorizationOf(token: string | undefined): Readonly<Record<string, string>> {
  if (token === undefined || token === '') return {};
  if (/^[\x21-\x7e]+$/.test(token)) return { authorization: `Bearer ${token}` };
  throw new CommandFailed('MODELOG_TOKEN holds spaces or other characters than a token: expected one token', 1);
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
