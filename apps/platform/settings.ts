import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { isLoopback, ModelogError } from '#libs/kernel/index.js';
import { rootFolder } from './root-folder.js';

/** What the platform itself reads from the environment; the apps validate what they read. */
export interface PlatformSettings {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** 0: any free port. */
  readonly grpcPort: number;
  /** Absolute. */
  readonly dataFolder: string;
  /** Absolute. */
  readonly configFolder: string;
  /** Undefined: a server is started. */
  readonly natsUrl: string | undefined;
  readonly databaseUrl: string | undefined;
  readonly natsProgram: string | undefined;
  /** Absolute. Undefined: `datasets` in the data folder. */
  readonly datasetsFolder: string | undefined;
  readonly servingProcesses: number;
  /** A further serving process waits, its code loaded, to take the place of one that ends. */
  readonly servingStandby: boolean;
  /** A serving process whose event loop stands still for so many milliseconds is replaced; 0: none is. */
  readonly unresponsiveMs: number;
  /** 0: jobs wait, unless a worker runs elsewhere. */
  readonly trainingWorkers: number;
  /** 0: nothing is watched, unless by processes elsewhere. */
  readonly monitoringProcesses: number;
  /** Signs and checks tokens; undefined: no authentication. Never to be shown. */
  readonly authSecret: string | undefined;
  readonly logLevel: LogLevel;
}

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** @throws ModelogError `settings_invalid`, one line per variable: its name, its value and what was expected. */
export function readSettings(environment: NodeJS.ProcessEnv): PlatformSettings {
  // An empty variable is what `VAR= npm start` and many container set-ups write for "not set".
  const given = Object.fromEntries(
    Object.keys(variables.shape).map((name) => [name, environment[name] === '' ? undefined : environment[name]]),
  );
  const parsed = variables.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map(({ path, message }) => {
      const name = String(path[0]);
      return `${name} is ${shown(name, given[name])}: expected ${message}`;
    });
    throw new ModelogError('settings_invalid', lines.join('\n'));
  }
  const value = parsed.data;
  return {
    host: value.MODELOG_HOST,
    port: value.MODELOG_PORT,
    grpcPort: value.MODELOG_GRPC_PORT ?? nextTo(value.MODELOG_PORT),
    dataFolder: resolve(value.MODELOG_DATA_DIR),
    configFolder:
      value.MODELOG_CONFIG_DIR === undefined ? join(rootFolder, 'config') : resolve(value.MODELOG_CONFIG_DIR),
    natsUrl: value.NATS_URL,
    databaseUrl: value.DATABASE_URL,
    natsProgram: value.MODELOG_NATS_SERVER,
    datasetsFolder: value.MODELOG_DATASETS_DIR === undefined ? undefined : resolve(value.MODELOG_DATASETS_DIR),
    servingProcesses: value.MODELOG_SERVING_PROCESSES ?? Math.max(1, availableParallelism() - 1),
    servingStandby: value.MODELOG_SERVING_STANDBY === 1,
    unresponsiveMs: value.MODELOG_UNRESPONSIVE_S * 1000,
    trainingWorkers: value.MODELOG_TRAINING_WORKERS,
    monitoringProcesses: value.MODELOG_MONITORING_PROCESSES,
    authSecret: value.MODELOG_AUTH_SECRET,
    logLevel: value.LOG_LEVEL,
  };
}

/** What a person should know who starts without authentication; undefined with it. */
export const openNotice = ({ authSecret }: Pick<PlatformSettings, 'authSecret'>): string | undefined =>
  authSecret === undefined
    ? 'No authentication: whoever uses this machine may do everything, as the actor local. MODELOG_AUTH_SECRET (32 characters or more) turns it on'
    : undefined;

/** Of any free port any free one; the last port has no next one. */
const nextTo = (port: number): number => (port === 0 || port === 65_535 ? 0 : port + 1);

const whole = (least: number, most: number, what: string): z.ZodType<number, string> =>
  z
    .string()
    .refine((text) => /^\d{1,6}$/.test(text) && Number(text) >= least && Number(text) <= most, what)
    .transform(Number);

const notEmpty = z.string().trim().min(1, 'something other than spaces');

const port = whole(0, 65_535, 'a port: a whole number from 1 to 65535, or 0 for any free one');

/** Processes say every second that they turn. */
const unresponsiveExpected = 'a whole number of seconds from 3 to 86400, or 0 for never';

const variables = z
  .object({
    MODELOG_HOST: notEmpty.default('127.0.0.1'),
    MODELOG_PORT: port.prefault('5000'),
    MODELOG_GRPC_PORT: port.optional(),
    MODELOG_DATA_DIR: notEmpty.default('.modelog'),
    MODELOG_CONFIG_DIR: notEmpty.optional(),
    MODELOG_DATASETS_DIR: notEmpty.optional(),
    NATS_URL: z
      .string()
      .regex(/^(nats|tls|wss?):\/\/\S+$/, 'a NATS URL: nats://[user:password@]host[:port]')
      .optional(),
    DATABASE_URL: z
      .string()
      .regex(/^postgres(ql)?:\/\/\S+$/, 'a PostgreSQL URL: postgres://user:password@host:port/database')
      .optional(),
    MODELOG_NATS_SERVER: notEmpty.optional(),
    MODELOG_SERVING_PROCESSES: whole(1, 256, 'a whole number from 1 to 256').optional(),
    MODELOG_SERVING_STANDBY: whole(0, 1, '1, or 0 for none').prefault('1'),
    MODELOG_UNRESPONSIVE_S: whole(0, 86_400, unresponsiveExpected)
      .refine((seconds) => seconds === 0 || seconds >= 3, unresponsiveExpected)
      .prefault('15'),
    MODELOG_TRAINING_WORKERS: whole(0, 64, 'a whole number from 0 to 64').prefault('1'),
    MODELOG_MONITORING_PROCESSES: whole(0, 64, 'a whole number from 0 to 64').prefault('1'),
    MODELOG_AUTH_SECRET: z.string().min(32, 'at least 32 characters').optional(),
    LOG_LEVEL: z.enum(logLevels, `one of ${logLevels.join(', ')}`).default('info'),
  })
  .superRefine(({ MODELOG_PORT: served, MODELOG_GRPC_PORT: grpc }, context) => {
    if (grpc !== served || grpc === 0) return;
    context.addIssue({ code: 'custom', path: ['MODELOG_GRPC_PORT'], message: 'another port than MODELOG_PORT' });
  })
  .superRefine(({ MODELOG_HOST: host, MODELOG_AUTH_SECRET: secret }, context) => {
    if (secret !== undefined || isLoopback(host)) return;
    context.addIssue({
      code: 'custom',
      path: ['MODELOG_HOST'],
      message:
        '127.0.0.1, ::1 or localhost as long as MODELOG_AUTH_SECRET is not set, for others who reach this address could deploy models and read predictions. Set MODELOG_AUTH_SECRET to 32 random characters or more (openssl rand -base64 33), and give out tokens (npx modelog token --help)',
    });
  });

/** A secret is not shown, a URL without its password. */
const shown = (name: string, value = ''): string =>
  name === 'MODELOG_AUTH_SECRET'
    ? `${value.length} characters long`
    : JSON.stringify(value.replace(/(:\/\/[^/@:]*:)[^/@]*@/, '$1***@'));
