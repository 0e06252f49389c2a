import type { DataFormat } from '#libs/contracts/index.js';

const formats: ReadonlyMap<string, DataFormat> = new Map([
  ['csv', 'csv'],
  ['jsonl', 'jsonl'],
  ['ndjson', 'jsonl'],
  ['parquet', 'parquet'],
  ['pq', 'parquet'],
  ['arrow', 'arrow'],
  ['arrows', 'arrow'],
  ['feather', 'arrow'],
  ['ipc', 'arrow'],
]);

/** By the extension of a path or URL, in any case; null: it tells nothing. */
export function formatOf(uri: string): DataFormat | null {
  const [path = ''] = uri.split(/[?#]/);
  const extension = /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  return formats.get(extension) ?? null;
}
