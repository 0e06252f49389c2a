import { pino, stdTimeFunctions, type Logger } from 'pino';
import pretty from 'pino-pretty';
import { linesTo } from './line-sink.js';
import type { LogLevel } from './settings.js';

/** What the platform shows: lines for people while it starts, and the log lines of every app, for people on a terminal only. */
export interface Output {
  print(line: string): void;
  /** A line of an app: JSON by pino, or anything a crashing program prints. */
  appLine(line: string): void;
  readonly logger: Logger;
}

export function openOutput(stdout: NodeJS.WriteStream, level: LogLevel): Output {
  const print = linesTo(stdout);
  const terminal = stdout.isTTY
    ? pretty({
        colorize: true,
        ignore: 'pid,hostname,instance',
        messageFormat: '{component}: {msg}',
        destination: 1,
        sync: true,
      })
    : undefined;
  const appLine = (line: string): void => {
    if (terminal === undefined) print(line);
    else terminal.write(`${line}\n`);
  };
  const destination = {
    write: (line: string) => {
      appLine(line.trimEnd());
    },
  };
  return { print, appLine, logger: platformLogger(level, destination) };
}

/** Lines of the same form as the apps' own (createLogger of libs/nest, which would bring all of Nest into this process). */
export const platformLogger = (level: LogLevel, destination: { write(line: string): void }): Logger =>
  pino(
    {
      level,
      base: { component: 'platform', instance: 'platform' },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
