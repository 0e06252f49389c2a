import type { Column } from '#libs/inference/index.js';

/** The bytes of a row as the model receives it, as a string: equal for rows of equal bits, and for no others. */
export function rowKeys(inputs: readonly Column[]): (row: number) => string {
  const parts = inputs.map(({ width, data }) => {
    if (Array.isArray(data))
      return (row: number) => {
        let text = '';
        // With its length in front a text cannot run over into the next one.
        for (let at = row * width; at < (row + 1) * width; at++) text += `${data[at]!.length}:${data[at]!}`;
        return text;
      };
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const size = width * data.BYTES_PER_ELEMENT;
    return (row: number) => bytes.toString('latin1', row * size, (row + 1) * size);
  });
  const [only] = parts;
  if (parts.length === 1) return only!;
  return (row) => {
    let key = '';
    for (const part of parts) key += part(row);
    return key;
  };
}
