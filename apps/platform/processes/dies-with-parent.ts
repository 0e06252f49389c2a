import { run, succeeded } from './run.js';

/**
 * The same command, told by the kernel when this process dies however it dies: a server without its supervisor ends in
 * order. Needs Linux and setpriv(1); elsewhere the command stays as it is and the next start ends the orphan.
 */
export type WithParent = <C extends { readonly command: string; readonly args: string[] }>(
  program: C,
  signal: 'TERM' | 'INT',
) => C;

export async function diesWithParent(): Promise<WithParent> {
  const probe = await run('setpriv', ['--pdeathsig', 'TERM', 'true'], { timeoutMs: 10_000 });
  if (process.platform !== 'linux' || !succeeded(probe)) return (program) => program;
  return (program, signal) => ({
    ...program,
    command: 'setpriv',
    args: ['--pdeathsig', signal, '--', program.command, ...program.args],
  });
}
