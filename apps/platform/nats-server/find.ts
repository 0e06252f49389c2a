import { ModelogError } from '#libs/kernel/index.js';
import { notFound, type Attempt, type Found } from './attempt.js';
import { earlierDownload } from './bin-folder.js';
import { fromDistribution } from './distribution-package.js';
import { fromGo } from './go-install.js';
import { officialRelease } from './official-release.js';
import { onPath } from './on-path.js';
import { checkProgram, oldestVersion, pinnedVersion } from './version.js';

export interface FindOptions {
  /** Where downloads are kept: `<data>/bin`, or a shared cache. */
  readonly binFolder: string;
  /** MODELOG_NATS_SERVER: a program to use instead of looking for one. */
  readonly program?: string | undefined;
  readonly searchPath: string;
  /** Told before a step that may take seconds. */
  readonly onSlowStep?: (step: string) => void;
}

export interface Step {
  readonly name: string;
  readonly slow?: true;
  attempt(): Promise<Attempt>;
}

/**
 * Finds or fetches a nats-server that is new enough, cheapest way first.
 * @throws ModelogError `nats_server_missing`, naming why each way failed and what would mend it.
 */
export function findNatsServer(options: FindOptions): Promise<Found> {
  return firstFound(stepsFor(options), options.onSlowStep);
}

export function stepsFor({ binFolder, program, searchPath }: FindOptions): Step[] {
  if (program !== undefined) {
    return [{ name: 'MODELOG_NATS_SERVER', attempt: () => checkProgram(program, 'MODELOG_NATS_SERVER') }];
  }
  return [
    { name: 'NATS_URL', attempt: () => Promise.resolve(notFound('not set')) },
    { name: 'nats-server on PATH', attempt: () => onPath(searchPath) },
    { name: 'an earlier download', attempt: () => earlierDownload(binFolder) },
    { name: 'the official release', slow: true, attempt: () => officialRelease(binFolder) },
    { name: 'the distribution package', slow: true, attempt: () => fromDistribution(binFolder, searchPath) },
    { name: 'go install', slow: true, attempt: () => fromGo(binFolder, searchPath) },
  ];
}

export async function firstFound(steps: readonly Step[], onSlowStep?: (step: string) => void): Promise<Found> {
  const reasons: string[] = [];
  for (const step of steps) {
    if (step.slow) onSlowStep?.(step.name);
    const attempt = await step.attempt();
    if (attempt.found) return attempt;
    reasons.push(`  ${step.name}: ${attempt.why}`);
  }
  throw new ModelogError(
    'nats_server_missing',
    [`No nats-server ${oldestVersion} or newer:`, ...reasons, ...remedies].join('\n'),
  );
}

const remedies = [
  'Any one of these mends it:',
  '  a server of your own:      NATS_URL=nats://user:password@host:4222 npm start',
  '  a program of your own:     MODELOG_NATS_SERVER=/path/to/nats-server npm start',
  '  Debian (sid) or Ubuntu:    apt-get install nats-server',
  '  macOS:                     brew install nats-server',
  `  with Go:                   go install github.com/nats-io/nats-server/v2@v${pinnedVersion}   (and its bin folder on PATH)`,
];
