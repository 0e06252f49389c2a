import { spawn, type SpawnOptions } from 'node:child_process';

export interface RunResult {
  /** Exit code, or the signal's name, or why the program could not be run at all. */
  readonly outcome:
    { readonly kind: 'exited'; readonly code: number } | { readonly kind: 'failed'; readonly why: string };
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions extends Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'> {
  /** Milliseconds after which the program is killed and the outcome says so. */
  readonly timeoutMs: number;
}

/** Runs a program to its end without a shell and keeps what it printed. Never rejects: a program that is missing is an outcome. */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const { timeoutMs, ...spawnOptions } = options;
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...spawnOptions, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let timedOut = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    const finish = (outcome: RunResult['outcome']): void => {
      clearTimeout(timer);
      resolve({ outcome, stdout, stderr });
    };
    child.once('error', (error) => {
      finish({ kind: 'failed', why: error.message });
    });
    child.once('close', (code, signal) => {
      if (timedOut) finish({ kind: 'failed', why: `no end within ${timeoutMs / 1000} s` });
      else if (code === null) finish({ kind: 'failed', why: `ended by ${signal ?? 'an unknown signal'}` });
      else finish({ kind: 'exited', code });
    });
  });
}

export const succeeded = (result: RunResult): boolean => result.outcome.kind === 'exited' && result.outcome.code === 0;

/** For a person: how it ended and the last thing it said, in so many lines (default one). */
export function describeFailure(result: RunResult, lines = 1): string {
  const ended = result.outcome.kind === 'failed' ? result.outcome.why : `exit code ${result.outcome.code}`;
  const said = (result.stderr.trim() || result.stdout.trim())
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-lines);
  if (said.length === 0) return ended;
  return lines === 1 ? `${ended}: ${said.join('')}` : [`${ended}:`, ...said].join('\n    ');
}
