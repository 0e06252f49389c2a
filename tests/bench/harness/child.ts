import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Pinning } from './pinning.js';

/** A program of this folder in a process of its own, spoken to in lines. It ends when its standard input closes. */
export interface Child {
  readonly pid: number;
  /** Its next line, or an error that says how it ended instead. */
  nextLine(): Promise<string>;
  send(line: string): void;
  stop(): Promise<void>;
}

/**
 * Starts a compiled program on the server's core.
 * @param script a module, as a file URL: `new URL('./x.js', import.meta.url)`
 */
export const startChild = (
  script: URL,
  pinning: Pinning,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Child => startCommand([process.execPath, fileURLToPath(script), ...args], pinning, env);

/** The same with a program of another kind. */
export function startCommand(
  program: readonly string[],
  pinning: Pinning,
  env: Readonly<Record<string, string>> = {},
): Child {
  const [command, ...rest] = pinning.server(program);
  const child = spawn(command!, rest, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit').then(([code, signal]) => `exit code ${String(code)}, signal ${String(signal)}`);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  // A write to a child that has ended shows as the missing answer of nextLine().
  child.stdin.on('error', () => undefined);
  return {
    pid: child.pid ?? -1,
    nextLine: async () => {
      const line = await lines.next();
      if (line.done === true) throw new Error(`${program.join(' ')} ended before it answered: ${await exited}`);
      return line.value;
    },
    send: (line) => child.stdin.write(`${line}\n`),
    stop: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

/** Starts a program that prints `ready <port>` once it listens. */
export async function startServer(
  script: URL,
  pinning: Pinning,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Child & { readonly port: number }> {
  const child = startChild(script, pinning, args, env);
  const line = await child.nextLine();
  const port = Number(/^ready (\d+)$/.exec(line)?.[1]);
  if (!Number.isInteger(port)) throw new Error(`${script.pathname}: expected "ready <port>", got "${line}"`);
  return { ...child, port };
}
