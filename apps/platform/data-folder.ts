import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, ModelogError } from '#libs/kernel/index.js';
import { tryLock } from './bootstrap/lock.mjs';

/** Everything the platform writes lies below one folder, which one platform at a time holds. */
export interface DataFolder {
  readonly path: string;
  readonly binFolder: string;
  readonly logFolder: string;
  /** Pid and ports files, and what other programs read: `connection.json`, `processes.json`. */
  readonly runFolder: string;
  readonly natsStore: string;
  readonly postgresFolder: string;
  readonly secrets: Secrets;
  release(): void;
}

export type Secrets = z.infer<typeof secretsSchema>;

/**
 * Makes the folder if it is missing, and takes it.
 * @throws ModelogError `data_folder_in_use` naming the process that holds it, `data_folder_unusable`
 */
export function openDataFolder(path: string): DataFolder {
  const inFolder = (name: string): string => join(path, name);
  let lock: ReturnType<typeof tryLock> | undefined;
  try {
    // PostgreSQL runs as another user when we are root, and must pass through. Secrets have their own modes.
    mkdirSync(path, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    lock = tryLock(inFolder('lock'));
    if (!lock.held) {
      throw new ModelogError(
        'data_folder_in_use',
        `${path} is used by another Modelog (process ${lock.by}): stop it, or set MODELOG_DATA_DIR (and MODELOG_PORT) for this one`,
      );
    }
    const held = lock;
    for (const name of ['bin', 'logs', 'run', 'nats']) mkdirSync(inFolder(name), { recursive: true });
    return {
      path,
      binFolder: inFolder('bin'),
      logFolder: inFolder('logs'),
      runFolder: inFolder('run'),
      natsStore: inFolder('nats'),
      postgresFolder: inFolder('postgres'),
      secrets: readSecrets(inFolder('secrets.json'), inFolder('postgres')),
      release: () => {
        held.release();
      },
    };
  } catch (error) {
    if (lock?.held === true) lock.release();
    if (error instanceof ModelogError) throw error;
    throw new ModelogError('data_folder_unusable', `data folder ${path}: ${messageOf(error)}`, { cause: error });
  }
}

const password = z.string().regex(/^[A-Za-z][A-Za-z0-9]{15,}$/);
const secretsSchema = z.object({ nats: password, subscriber: password, postgres: password });

function readSecrets(path: string, postgresFolder: string): Secrets {
  const text = readIfPresent(path);
  if (text === undefined) {
    const made = { nats: newPassword(), subscriber: newPassword(), postgres: newPassword() };
    writeWhole(path, JSON.stringify(made), 0o600);
    return made;
  }
  const parsed = secretsSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new ModelogError(
    'secrets_damaged',
    `${path} does not hold the servers' passwords (${damageOf(parsed.error)}): put back a copy of it, or move it and ${postgresFolder} away. New passwords are made then, and the read models are rebuilt from the log`,
  );
}

function damageOf({ issues }: z.ZodError): string {
  const fields = issues.map(({ path }) => path.join('.')).filter((field) => field !== '');
  return fields.length === 0 ? 'not a JSON object' : `missing or no text: ${fields.join(', ')}`;
}

/** 192 random bits; a letter first, for nats-server reads a word of digits as a number. */
const newPassword = (): string => `m${randomBytes(24).toString('hex')}`;

/** A reader sees the former content or the new one, never a part. */
export function writeWhole(path: string, content: string, mode = 0o644): void {
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  writeFileSync(draft, content, { mode });
  renameSync(draft, path);
}

export function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Undefined for what is not JSON: a file of ours that a full disk cut off is as good as none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
