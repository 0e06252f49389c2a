/** One `deb` source, as one-line (.list) and deb822 (.sources) files both describe it: sources.list(5). */
export interface AptSource {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
}

/** Reads the `deb` lines of a one-line style file; comments, `deb-src` and malformed lines are passed over as apt would not use them. */
export function parseListFile(text: string): AptSource[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (match === null) return [];
    return [{ uri: match[1]!, suite: match[2]!, components: words(match[3]!) }];
  });
}

/** Reads the enabled `deb` stanzas of a deb822 style file; every pair of URI and suite is one source. */
export function parseSourcesFile(text: string): AptSource[] {
  return text.split(/\n\s*\n/).flatMap((stanza) => {
    const fields = deb822Fields(stanza);
    if (!words(fields.get('types') ?? '').includes('deb')) return [];
    if (/^(no|false|0|off|disable|without)$/i.test(fields.get('enabled') ?? 'yes')) return [];
    const components = words(fields.get('components') ?? '');
    return words(fields.get('uris') ?? '').flatMap((uri) =>
      words(fields.get('suites') ?? '').map((suite) => ({ uri, suite, components })),
    );
  });
}

/** Names are case-insensitive; a line that starts with white space continues the field before it; `#` starts a comment line. */
function deb822Fields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let current: string | undefined;
  for (const line of stanza.split('\n')) {
    if (line.startsWith('#')) continue;
    const field = /^([A-Za-z][\w-]*):(.*)$/.exec(line);
    if (field !== null) {
      current = field[1]!.toLowerCase();
      fields.set(current, field[2]!.trim());
    } else if (current !== undefined && /^\s+\S/.test(line)) {
      fields.set(current, `${fields.get(current)!} ${line.trim()}`);
    }
  }
  return fields;
}

export interface NatsSource {
  /** A line for a sources.list. */
  readonly line: string;
  readonly describe: string;
}

/**
 * Where the distribution's nats-server may be found, derived from where this machine already gets its packages:
 * the mirror's address stays, the suite is replaced.
 *
 * - A Debian mirror: `sid`.
 * - An Ubuntu mirror: the same server's `/debian` tree, as institutional mirrors lay them side by side; then Ubuntu's
 *   own `devel` suite, whose `universe` takes the package over from Debian.
 *
 * A source is signed by the archive keyring named; one whose keyring is not on the machine is left out.
 */
export function natsSources(sources: readonly AptSource[], keyrings: Keyrings): NatsSource[] {
  const candidates: NatsSource[] = [];
  const add = (uri: string, suite: string, component: string, keyring: string | undefined): void => {
    if (keyring === undefined) return;
    const line = `deb [signed-by=${keyring}] ${uri} ${suite} ${component}`;
    if (!candidates.some((candidate) => candidate.line === line))
      candidates.push({ line, describe: `${suite} at ${uri}` });
  };
  for (const { uri } of sources.filter(isMainArchive('debian', 'main'))) add(uri, 'sid', 'main', keyrings.debian);
  const ubuntu = sources.filter(isMainArchive('ubuntu', 'main'));
  for (const { uri } of ubuntu) add(uri.replace(/\/ubuntu\/?$/, '/debian'), 'sid', 'main', keyrings.debian);
  for (const { uri } of ubuntu) add(uri, 'devel', 'universe', keyrings.ubuntu);
  return candidates;
}

export interface Keyrings {
  readonly debian: string | undefined;
  readonly ubuntu: string | undefined;
}

/** The distribution's main archive, not its security archive (other tree, no sid) nor somebody's own repository. */
const isMainArchive =
  (distribution: 'debian' | 'ubuntu', component: string) =>
  (source: AptSource): boolean =>
    new RegExp(`/${distribution}(\\.list)?/?$`).test(source.uri) &&
    !source.suite.includes('security') &&
    source.components.includes(component);

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
