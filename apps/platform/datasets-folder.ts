import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, ModelogError } from '#libs/kernel/index.js';

/**
 * The folder that data sets are read from: one that was named, which has to be there, for a wrong name would look like a
 * folder without data; else `datasets` in the data folder, made if it is missing.
 * @throws ModelogError `settings_invalid`, `data_folder_unusable`
 */
export function openDatasetsFolder(named: string | undefined, dataFolder: string): string {
  if (named !== undefined) {
    const wrong = whyNoFolder(named);
    if (wrong === undefined) return named;
    throw new ModelogError(
      'settings_invalid',
      `MODELOG_DATASETS_DIR is ${JSON.stringify(named)}: expected a folder that is there (${wrong})`,
    );
  }
  const path = join(dataFolder, 'datasets');
  try {
    mkdirSync(path, { recursive: true });
    return path;
  } catch (error) {
    throw new ModelogError('data_folder_unusable', `data sets' folder ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function whyNoFolder(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? undefined : 'this is none';
  } catch (error) {
    return messageOf(error);
  }
}
