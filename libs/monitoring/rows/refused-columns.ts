/** What a refused row's path begins with: `input.amount`, `inputs[3].amount`. */
const root = /^inputs?(?:\[\d+\])?\.(.*)$/s;

/** An element of an array: `embedding[3]`. */
const element = /\[\d+\]$/;

/**
 * The columns that a row was refused because of, from its recorded detail: the paths of the offending fields, as JSON.
 * Empty where no field is named.
 */
export function refusedColumns(detail: string): string[] {
  if (detail === '') return [];
  let paths: unknown;
  try {
    paths = JSON.parse(detail);
  } catch {
    return [];
  }
  if (!Array.isArray(paths)) return [];
  return paths.flatMap((path) => (typeof path === 'string' ? (root.exec(path)?.slice(1) ?? []) : []));
}

/** The array that a column is an element of; otherwise the column itself. */
export const featureOf = (column: string): string => column.replace(element, '');
