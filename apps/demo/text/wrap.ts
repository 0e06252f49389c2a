/** Lines of so many columns at most: cut between words, what follows four columns further in. A longer word stays whole. */
export function wrapped(line: string, columns: number): string[] {
  if (line.length <= columns) return [line];
  const further = `${/^ */.exec(line)![0]}    `;
  const lines: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const begins = rest.search(/\S/);
    let at = rest.lastIndexOf(' ', columns);
    if (at <= begins) at = rest.indexOf(' ', columns);
    if (at < 0) break;
    lines.push(rest.slice(0, at).trimEnd());
    rest = further + rest.slice(at).trimStart();
  }
  return rest.trim() === '' ? lines : [...lines, rest];
}
