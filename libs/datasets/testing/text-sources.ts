import type { DataFormat, Table } from '#libs/contracts/index.js';
import type { Result } from '#libs/kernel/index.js';
import type { DatasetRefusal } from '../refusal.js';
import { scanDataset, type ScannedDataset } from '../scan/scan-dataset.js';
import type { DataSource } from '../sources/data-source.js';

/** The bytes of a text, or bytes, that come in pieces of these lengths, again and again. */
export function inPieces(data: string | Uint8Array, lengths: readonly number[] = [1 << 20]): DataSource {
  const bytes = Buffer.from(data);
  return {
    size: bytes.length,
    async *stream() {
      for (let at = 0, piece = 0; at < bytes.length; piece++) {
        const end = at + lengths[piece % lengths.length]!;
        yield await Promise.resolve(bytes.subarray(at, end));
        at = end;
      }
    },
  };
}

export const scanned = async (data: string | Uint8Array, format: DataFormat = 'csv'): Promise<ScannedDataset> =>
  accepted(await scanDataset(inPieces(data), format));

export function accepted<T>(result: Result<T, DatasetRefusal>): T {
  if (!result.ok) throw new Error(result.rejection.detail);
  return result.value;
}

/** Reason and detail of a refusal. */
export function refused(result: Result<unknown, DatasetRefusal>): string {
  if (result.ok) throw new Error('it was read');
  return `${result.rejection.reason} ${result.rejection.detail}`;
}

/** By column: its values, text as text, missing ones as null. */
export const valuesOf = ({ columns }: Table): Record<string, (number | string | null)[]> =>
  Object.fromEntries(
    columns.map((column) => [
      column.name,
      'codes' in column
        ? Array.from(column.codes, (code) => column.dictionary[code] ?? null)
        : Array.from(column.values, (value) => (Number.isNaN(value) ? null : value)),
    ]),
  );
