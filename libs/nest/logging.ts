import type { LoggerService } from '@nestjs/common';
import {
  pino,
  stdSerializers,
  stdTimeFunctions,
  type Logger as PinoLogger,
  type LoggerOptions as PinoOptions,
} from 'pino';
import { messageOf } from '#libs/kernel/index.js';
import { withoutUserInfo } from './secrets.js';

export type Logger = PinoLogger;
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

export interface LoggerOptions {
  readonly component: string;
  readonly instance: string;
  readonly level: LogLevel;
  /** Where the lines go (default: standard output, written at once, so that a last line is never lost). */
  readonly destination?: { write(line: string): void };
}

/** Pino JSON lines on standard output, for the platform or a log collector. Passwords and authorization never appear. */
export function createLogger({ component, instance, level, destination }: LoggerOptions): Logger {
  const options: PinoOptions = {
    level,
    base: { component, instance },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secretPaths, censor: '***' },
    serializers: { err: maskedError },
    hooks: {
      logMethod(args, method) {
        const masked = args.map((arg: unknown) => (typeof arg === 'string' ? withoutUserInfo(arg) : arg));
        method.apply(this, masked as typeof args);
      },
    },
  };
  // Pino's own default writes from a thread: at an exit, lines still on their way come last or not at all.
  return pino(options, destination ?? pino.destination({ fd: 1, sync: true }));
}

/** At the top, and up to three objects down (`req.headers.authorization`). */
const secretPaths = ['password', 'pass', 'secret', 'token', 'authorization', 'Authorization', 'cookie'].flatMap(
  (key) => [key, `*.${key}`, `*.*.${key}`, `*.*.*.${key}`],
);

/** The drivers put the URL they could not reach into their messages. */
function maskedError(error: unknown): unknown {
  if (!(error instanceof Error)) return withoutUserInfo(messageOf(error));
  const told = stdSerializers.err(error);
  return { ...told, message: withoutUserInfo(told.message), stack: withoutUserInfo(told.stack) };
}

/** Nest's own lines, and those of `@nestjs/common`'s Logger, through the process's logger. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    // What Nest says at every start is of use only to whoever looks for it.
    this.#write('debug', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.#write('fatal', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.#write('error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.#write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.#write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.#write('trace', message, rest);
  }

  /** Nest passes its context last, and for errors a stack before it. */
  #write(level: Exclude<LogLevel, 'silent'>, message: unknown, rest: unknown[]): void {
    const context = rest.at(-1);
    const fields = typeof context === 'string' ? { context } : {};
    const stack = rest.length > 1 && typeof rest[0] === 'string' ? { stack: rest[0] } : {};
    if (message instanceof Error) this.logger[level]({ ...fields, err: message }, message.message);
    else if (typeof message === 'string') this.logger[level]({ ...fields, ...stack }, message);
    else this.logger[level]({ ...fields, ...stack, detail: message }, 'Nest');
  }
}
