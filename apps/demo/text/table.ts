/** Columns as wide as their widest cell; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = columnWidths([head, ...rows]);
  return [head, ...rows].map((cells) => lineOf(cells, widths));
}

/** Widths for rows of which not all are known yet: at least so many. */
export function columnWidths(rows: readonly (readonly string[])[]): number[] {
  const columns = Math.max(...rows.map((cells) => cells.length));
  return Array.from({ length: columns }, (_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
}

export const lineOf = (cells: readonly string[], widths: readonly number[]): string =>
  cells
    .map((cell, column) =>
      /^[−\d][\d.,]*( %)?$/.test(cell) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    )
    .join('  ')
    .trimEnd();
