import { hash } from 'node:crypto';
import type { Column } from '#libs/inference/index.js';

/**
 * A key for each row: equal for rows of equal bits, and for no others but those that share a SHA-256. It is the bytes of
 * the row as the model receives it while those are fewer than a digest has characters; their digest otherwise, so that
 * a key is never as large as an image.
 */
export function rowKeys(inputs: readonly Column[]): (row: number) => string {
  const parts = inputs.map(partOf);
  const [only] = parts;
  if (parts.length === 1) return only!;
  return (row) => {
    let key = '';
    for (const part of parts) key += part(row);
    return shortened(key);
  };
}

/** In hexadecimal. No row's own bytes are as many, so that none is taken for a digest. */
export const digestLength = 64;

function partOf({ width, data }: Column): (row: number) => string {
  if (Array.isArray(data))
    return (row) => {
      let text = '';
      // With its length in front a text cannot run over into the next one.
      for (let at = row * width; at < (row + 1) * width; at++) text += `${data[at]!.length}:${data[at]!}`;
      return shortened(text);
    };
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const size = width * data.BYTES_PER_ELEMENT;
  if (size < digestLength) return (row) => bytes.toString('latin1', row * size, (row + 1) * size);
  return (row) => hash('sha256', bytes.subarray(row * size, (row + 1) * size));
}

/** Of its code units: as UTF-8 all lone surrogates are the same. */
const shortened = (text: string): string =>
  text.length < digestLength ? text : hash('sha256', Buffer.from(text, 'utf16le'));
