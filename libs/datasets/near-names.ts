const most = 3;

/** Known names that a mistyped one may have meant, nearest first, at most three: a third of its letters may differ. */
export function nearNames(name: string, known: readonly string[]): string[] {
  const allowed = Math.max(1, Math.floor(name.length / 3));
  return known
    .filter((one) => Math.abs(one.length - name.length) <= allowed)
    .map((one) => ({ one, distance: editDistance(name.toLowerCase(), one.toLowerCase()) }))
    .filter(({ distance }) => distance <= allowed)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ one }) => one);
}

/** Letters to insert, delete or replace (Levenshtein), by one row of the matrix. */
function editDistance(a: string, b: string): number {
  const row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0]!;
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const replaced = diagonal + (a[i - 1] === b[j - 1] ? 0 : 1);
      diagonal = row[j]!;
      row[j] = Math.min(replaced, row[j - 1]! + 1, diagonal + 1);
    }
  }
  return row[b.length]!;
}
