import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** A Python that has what a baseline imports. */
export interface Python {
  readonly command: string;
  /** Versions, for the heading of a result. */
  readonly description: string;
  /** The lines that a script prints, as they come. What it says on its standard error is passed on. */
  lines(script: string, args: readonly string[], signal: AbortSignal): AsyncIterable<string>;
}

const common = 'MODELOG_BENCH_PYTHON';

/**
 * The interpreter that the variable names, else `MODELOG_BENCH_PYTHON`, else `python3`. Where it or a package is missing,
 * the reason as text: a baseline in Python is there for who has it.
 * @param packages by the names that they are imported by
 * @param variable of packages that cannot be installed beside those of others
 */
export async function findPython(packages: readonly string[], variable = common): Promise<Python | string> {
  const command = process.env[variable] ?? process.env[common] ?? 'python3';
  const versions = [
    'import importlib, platform',
    `print('Python', platform.python_version(), *(f'{n} {importlib.import_module(n).__version__}' for n in ${JSON.stringify(packages)}))`,
  ].join('\n');
  try {
    const { stdout } = await promisify(execFile)(command, ['-c', versions]);
    return {
      command,
      description: stdout.trim(),
      lines: (script, args, signal) => linesOf(command, [script, ...args], signal),
    };
  } catch {
    return `${command} cannot import ${packages.join(', ')}; ${variable} names another`;
  }
}

async function* linesOf(command: string, args: readonly string[], signal: AbortSignal): AsyncIterable<string> {
  const child = spawn(command, args, { signal, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(([code]) => (code === 0 ? null : `exit code ${String(code)}`), String);
  let heard = false;
  try {
    yield* createInterface({ input: child.stdout });
    heard = true;
  } finally {
    if (!heard) child.kill();
  }
  const fault = await ended;
  signal.throwIfAborted();
  if (fault !== null) throw new Error(`${args[0] ?? command}: ${fault}`);
}
