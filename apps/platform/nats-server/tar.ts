import { ModelogError } from '#libs/kernel/index.js';

const block = 512;

/**
 * The content of the first regular file whose name ends with `suffix`, from an uncompressed POSIX tar archive.
 * Enough for a release archive: names of up to 100 characters, sizes in octal.
 */
export function fileInTar(archive: Buffer, suffix: string): Buffer {
  for (let offset = 0; offset + block <= archive.length;) {
    const name = text(archive, offset, 100);
    if (name === '') break;
    const size = Number.parseInt(text(archive, offset + 124, 12).trim(), 8);
    const type = text(archive, offset + 156, 1);
    const start = offset + block;
    if (!Number.isSafeInteger(size) || start + size > archive.length) {
      throw new ModelogError('archive_damaged', `the archive ends inside ${name}`);
    }
    if ((type === '0' || type === '') && name.endsWith(suffix)) return archive.subarray(start, start + size);
    offset = start + Math.ceil(size / block) * block;
  }
  throw new ModelogError('archive_incomplete', `the archive holds no file that ends with ${suffix}`);
}

function text(archive: Buffer, start: number, length: number): string {
  const field = archive.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('latin1', 0, end === -1 ? length : end);
}
