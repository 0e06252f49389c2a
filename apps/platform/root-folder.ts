import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The checkout: where package.json is, seen from the sources as from `dist`. */
export const rootFolder = ((): string => {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${import.meta.dirname}`);
    folder = parent;
  }
  return folder;
})();
