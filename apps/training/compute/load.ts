import type { Table } from '#libs/contracts/index.js';
import { fileSource, loadTable } from '#libs/datasets/index.js';
import { reject, type Result } from '#libs/kernel/index.js';
import { unreadable } from '../data/job-dataset.js';
import type { ComputeRefusal, LoadTask } from './protocol.js';

export async function load({ file, format, schema, maxBytes }: LoadTask): Promise<Result<Table, ComputeRefusal>> {
  const loaded = await loadTable(await fileSource(file), format, schema, { maxBytes, shared: true });
  return loaded.ok ? loaded : reject(unreadable(loaded.rejection));
}
