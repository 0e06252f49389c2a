import 'reflect-metadata';
import { join } from 'node:path';
import {
  createLogger,
  listen,
  requireConfiguration,
  requireLoopback,
  runApp,
  type RunningApp,
} from '#libs/nest/index.js';
import { createApp } from './http/create-app.js';
import { configurationChecks } from './configuration/checks.js';
import { openParts } from './parts.js';

export interface StartOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The compiled trial process, where it does not lie beside this file. */
  readonly trialProgram?: string;
}

export interface RunningApi extends RunningApp {
  /** Where it listens. */
  readonly url: string;
}

/**
 * Starts the HTTP edge: on an inherited socket (MODELOG_API_FD), else on the address of MODELOG_API_URL.
 * @throws ConfigurationInvalid, and what `openParts` and the system's listen throw; nothing is left open then.
 */
export async function start({
  env = process.env,
  trialProgram = besideThisFile,
}: StartOptions = {}): Promise<RunningApi> {
  const configuration = await requireConfiguration({ env, checks: configurationChecks });
  const { MODELOG_INSTANCE: instance, LOG_LEVEL: level } = configuration.environment;
  const { MODELOG_API_FD: fd, MODELOG_API_URL: address, MODELOG_AUTH_SECRET: secret } = configuration.environment;
  const { hostname: host, port } = new URL(address);
  if (fd === undefined) requireLoopback({ variable: 'MODELOG_API_URL', host, secret });
  const logger = createLogger({ component: 'api', instance, level });
  const parts = await openParts({ configuration, logger, trialProgram });
  try {
    const app = await createApp(parts);
    const { url } = await listen(app, { fd, host, port: Number(port) });
    logger.info({ url }, 'the api answers');
    return {
      url,
      async stop() {
        parts.release();
        await app.close();
        await parts.close();
      },
    };
  } catch (error) {
    parts.release();
    await parts.close();
    throw error;
  }
}

const besideThisFile = join(import.meta.dirname, 'trial/trial-process.js');

if (import.meta.filename === process.argv[1]) await runApp(() => start(), { component: 'api' });
