/** What a command may touch of the world: tests hand in their own. */
export interface Io {
  /** One line of the answer. */
  out(line: string): void;
  /** One line about the answer: notes, errors. */
  err(line: string): void;
  /** What is being done right now, on a terminal: each text replaces the one before; '' clears it. */
  progress(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the user wants it to end. */
  readonly signal: AbortSignal;
}

export function terminalIo(signal: AbortSignal): Io {
  const onTerminal = process.stderr.isTTY;
  return {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    progress: (text) => {
      if (onTerminal) process.stderr.write(`\r\u001b[K${text}`);
    },
    env: process.env,
    signal,
  };
}
