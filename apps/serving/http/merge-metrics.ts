/**
 * Expositions of several processes as one (Prometheus text format 0.0.4): all samples of a metric must stand together
 * under one HELP and one TYPE line, and the processes share the names of Node's own metrics.
 */
export function mergeMetrics(...expositions: readonly string[]): string {
  const families = new Map<string, Family>();
  const familyOf = (name: string): Family => {
    const family = families.get(name) ?? { head: new Map(), samples: [] };
    families.set(name, family);
    return family;
  };
  for (const exposition of expositions) {
    let family = familyOf('');
    for (const line of exposition.split('\n')) {
      const comment = /^# (HELP|TYPE) (\S+)/.exec(line);
      if (comment !== null) {
        family = familyOf(comment[2]!);
        if (!family.head.has(comment[1]!)) family.head.set(comment[1]!, line);
      } else if (line !== '' && !line.startsWith('#')) family.samples.push(line);
    }
  }
  return [...families.values()]
    .filter(({ head, samples }) => head.size + samples.length > 0)
    .map(({ head, samples }) => [...head.values(), ...samples, ''].join('\n'))
    .join('\n');
}

interface Family {
  readonly head: Map<string, string>;
  readonly samples: string[];
}
