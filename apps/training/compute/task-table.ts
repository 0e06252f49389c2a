import type { Table } from '#libs/contracts/index.js';
import type { ComputeTask } from './protocol.js';

/** What a task learns from; null: it brings none. */
export function tableOf(task: ComputeTask): Table | null {
  if ('data' in task) return task.data.table;
  return 'table' in task ? task.table : null;
}

/** The same task on another table. */
export function withTable<Task extends ComputeTask>(task: Task, table: Table): Task {
  if ('data' in task) return { ...task, data: { ...task.data, table } };
  return 'table' in task ? { ...task, table } : task;
}

/** Stands for the table that a thread has already: texts, which are not on shared memory, are copied once. */
export const tableGiven: Table = { rows: 0, columns: [] };
