import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { DatasetRefusal, DatasetRefusalReason } from '../refusal.js';
import { fileSource, type FileSource } from './data-source.js';

/**
 * A file of the data sets' folder. Refused as `not_allowed`: absolute paths, `..`, links that lead out of the folder, and what
 * is no regular file; as `not_found`: what is not there.
 * @param root the data sets' folder.
 * @param uri a path below it, with `/`.
 */
export async function openDataFile(root: string, uri: string): Promise<Result<FileSource, DatasetRefusal>> {
  const refuse = (reason: DatasetRefusalReason, what: string): Result<FileSource, DatasetRefusal> =>
    reject({ reason, where: null, detail: `'${uri}' ${what}` });
  if (uri === '' || uri.includes('\0') || isAbsolute(uri) || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(uri))
    return refuse('not_allowed', "is no relative path, expected one inside the data sets' folder");
  if (uri.split(/[/\\]/).includes('..')) return refuse('not_allowed', "has '..' in it");
  try {
    const [folder, file] = [await realpath(root), await realpath(join(root, uri))];
    const inside = relative(folder, file);
    if (inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside))
      return refuse('not_allowed', "leads out of the data sets' folder");
    if (!(await isRegular(file))) return refuse('not_allowed', 'is no regular file');
    return accept(await fileSource(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return refuse('not_found', "is not in the data sets' folder");
    if (code === 'EACCES' || code === 'EPERM') return refuse('not_allowed', 'may not be read by this process');
    if (code === 'ELOOP' || code === 'ENAMETOOLONG') return refuse('not_allowed', 'is no path that can be followed');
    throw error;
  }
}

/** Also that it may be opened; a pipe is opened without waiting for who writes into it. */
async function isRegular(file: string): Promise<boolean> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return (await handle.stat()).isFile();
  } finally {
    await handle.close();
  }
}
