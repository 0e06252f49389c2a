export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads samples of a metric by name from the Prometheus text format. */
export function gauges(exposition: string): (name: string) => Sample[] {
  const lines = exposition.split('\n');
  return (name) => lines.flatMap((line) => (line.startsWith(`${name}{`) ? sampleOf(line, name) : []));
}

function sampleOf(line: string, name: string): Sample[] {
  const labels: Record<string, string> = {};
  let at = name.length + 1;
  for (const [whole, label, value] of line.slice(at).matchAll(/(\w+)="((?:[^"\\]|\\.)*)",?/g)) {
    labels[label!] = value!.replaceAll(/\\(.)/g, (_escape, character: string) =>
      character === 'n' ? '\n' : character,
    );
    at += whole.length;
  }
  const value = Number(
    line
      .slice(at + 1)
      .trim()
      .split(' ', 1)[0],
  );
  return Number.isNaN(value) ? [] : [{ labels, value }];
}
