import { z } from 'zod';
import { environment, recording } from './events/deployment.js';

/** config/pipeline_config.yaml. A key arrives with the behaviour it steers. */
export const pipelineConfig = z
  .strictObject({
    deployment: z
      .strictObject({
        /** For a deploy command that names none. */
        default_environment: environment.default('development'),
        default_recording: recording.default('acknowledged'),
        /** Seconds that serving processes have to load a version before the deployment fails. */
        load_timeout_s: z.number().positive().max(3600).default(60),
      })
      .prefault({}),
    serving: z
      .strictObject({
        /** Rows of one run of a model; more are cut into several runs. */
        max_batch_rows: z.int().min(1).max(65_536).default(1024),
        /** Rows waiting or being recorded in one serving process; above it a request is refused with 503. */
        max_queued_rows: z.int().min(1).max(10_000_000).default(100_000),
      })
      .prefault({}),
  })
  .prefault({});

/** The YAML files by name (without `_config.yaml`). */
export const configurationFiles = z.strictObject({ pipeline: pipelineConfig });
export type ConfigurationFiles = z.infer<typeof configurationFiles>;

const port = z.coerce.number().pipe(z.int().min(1).max(65_535));

/** Environment variables that the apps read; the platform sets those that begin with MODELOG_ for its children. */
export const environmentVariables = z.object({
  NATS_URL: z.string().min(1),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, 'a PostgreSQL URL begins with postgres:// or postgresql://'),
  MODELOG_HOST: z.string().min(1).default('127.0.0.1'),
  MODELOG_PORT: port.default(5000),
  MODELOG_DATA_DIR: z.string().min(1).default('.modelog'),
  MODELOG_CONFIG_DIR: z.string().min(1).default('config'),
  MODELOG_REPLICAS: z.coerce
    .number()
    .pipe(z.union([z.literal(1), z.literal(3), z.literal(5)]))
    .default(1),
  MODELOG_INSTANCE: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, _ and -, at most 64')
    .default('local'),
  /** Where a serving process forwards what it does not answer itself. */
  MODELOG_API_URL: z.url().default('http://127.0.0.1:5080'),
  /** Inherited listening sockets; without them an app binds its own port. */
  MODELOG_PUBLIC_FD: z.coerce.number().pipe(z.int().min(3)).optional(),
  MODELOG_API_FD: z.coerce.number().pipe(z.int().min(3)).optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});
export type EnvironmentVariables = z.infer<typeof environmentVariables>;
