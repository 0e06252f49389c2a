import { ModelogError } from '#libs/kernel/index.js';

/** 1: the answer is no. 2: nobody was there to answer. */
export type ExitCode = 1 | 2;

/** Ends the command with its message and an exit code. */
export class CommandFailed extends ModelogError {
  constructor(
    message: string,
    readonly exitCode: ExitCode,
    options?: ErrorOptions,
  ) {
    super('command_failed', message, options);
  }
}
