import { createHash } from 'node:crypto';
import type { DataFormat, DatasetProfile, DatasetSchema } from '#libs/contracts/index.js';
import { accept, type Result } from '#libs/kernel/index.js';
import { readData } from '../readers/read-data.js';
import { orRefusalLater, Refused, type DatasetRefusal } from '../refusal.js';
import type { DataSource } from '../sources/data-source.js';
import { ColumnScan } from './column-scan.js';
import { ScanContext } from './scan-context.js';

export interface ScanOptions {
  /** Told now and then how many bytes were read; columns that are read twice count once more. */
  readonly onBytes?: (bytes: number) => void;
}

export type ScannedDataset = DatasetProfile & { readonly schema: DatasetSchema };

/**
 * Schema, profile and digest of a data set in bounded memory: in one pass, and a second one over columns that turned out to
 * be text behind numbers, dates or booleans. The same bytes always give the same result.
 */
export function scanDataset(
  source: DataSource,
  format: DataFormat,
  { onBytes = () => undefined }: ScanOptions = {},
): Promise<Result<ScannedDataset, DatasetRefusal>> {
  return orRefusalLater(async () => {
    const columns = new Map<string, ColumnScan>();
    const first = await pass(source, format, onBytes, (name, context) => {
      const column = new ColumnScan(name, context, false);
      columns.set(name, column);
      return column;
    });
    if (first.rows === 0) throw new Refused('malformed', null, nothing(first.bytes));
    if (columns.size === 0) throw new Refused('malformed', null, 'there are no columns');
    const mixed = new Set([...columns.values()].filter((column) => column.mixed).map(({ name }) => name));
    if (mixed.size > 0) {
      const second = await pass(
        source,
        format,
        (bytes) => {
          onBytes(first.bytes + bytes);
        },
        (name, context) => {
          if (!mixed.has(name)) return null;
          const column = new ColumnScan(name, context, true);
          columns.set(name, column);
          return column;
        },
      );
      if (second.digest !== first.digest) throw new Refused('unavailable', null, 'the data changed while it was read');
    }
    const scanned = [...columns.values()].map((column) => column.scanned());
    return accept({
      ...{ version: 1, ...first, format },
      columns: scanned.map(({ profile }) => profile),
      schema: { columns: scanned.map(({ schema }) => schema) },
    });
  });
}

const nothing = (bytes: number): string => (bytes === 0 ? 'there are no bytes' : 'there are no rows');

interface Pass {
  readonly rows: number;
  readonly bytes: number;
  readonly digest: `sha256:${string}`;
}

async function pass(
  source: DataSource,
  format: DataFormat,
  onBytes: (bytes: number) => void,
  open: (name: string, context: ScanContext) => ColumnScan | null,
): Promise<Pass> {
  const context = new ScanContext();
  const hash = createHash('sha256');
  let bytes = 0;
  const openColumn = (name: string): ColumnScan | null => {
    context.columns++;
    return open(name, context);
  };
  const rows = await readData(source, format, openColumn, (chunk) => {
    hash.update(chunk);
    bytes += chunk.length;
    onBytes(bytes);
  });
  return { rows, bytes, digest: `sha256:${hash.digest('hex')}` };
}
