/** Rows that are summed on their own before their sum joins the total: sums do not depend on who computes which block. */
export const blockRows = 1024;

/** Sum of `term(row)` over rows, block by block. The error grows with the number of blocks, not of rows. */
export function sumOverRows(rows: number, term: (row: number) => number): number {
  let total = 0;
  for (let from = 0; from < rows; from += blockRows) {
    const to = Math.min(from + blockRows, rows);
    let sum = 0;
    for (let row = from; row < to; row++) sum += term(row);
    total += sum;
  }
  return total;
}
