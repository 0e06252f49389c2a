import { CommanderError } from 'commander';
import { messageOf, ModelogError } from '#libs/kernel/index.js';
import { CommandFailed } from './errors.js';
import type { Io } from './io.js';
import { program } from './program.js';

/** Runs one command line and answers its exit code. @param argv what follows `modelog` */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  const root = program(io);
  for (const command of [root, ...root.commands]) command.exitOverride();
  try {
    await root.parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    io.progress('');
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof CommandFailed) {
      if (error.message !== '') io.err(error.message);
      return error.exitCode;
    }
    if (io.signal.aborted) return interrupted;
    io.err(error instanceof ModelogError ? error.message : `${messageOf(error)}\n${stackOf(error)}`);
    return 1;
  }
}

/** 128 and the number of SIGINT, as shells have it. */
const interrupted = 130;

/** A defect: whoever reports it needs to say where. */
const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? '') : '');
