import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { messageOf, ModelogError } from '#libs/kernel/index.js';
import { notFound, type Attempt } from './attempt.js';
import { fetchInto } from './bin-folder.js';
import { fileInTar } from './tar.js';
import { pinnedVersion } from './version.js';

const releases = 'https://github.com/nats-io/nats-server/releases/download';
/** Where there is no internet the first answer never comes: give up early, the next step may do. */
const firstAnswerMs = 4_000;
const downloadMs = 120_000;

/** The project's own release for this platform. Its archive must have the checksum that the release lists for it. */
export async function officialRelease(binFolder: string, fetchUrl: typeof fetch = fetch): Promise<Attempt> {
  const archive = archiveName(process.platform, process.arch);
  if (archive === undefined) return notFound(`no release is known for ${process.platform} on ${process.arch}`);
  let expected: string;
  try {
    const sums = await fetchUrl(`${releases}/v${pinnedVersion}/SHA256SUMS`, {
      signal: AbortSignal.timeout(firstAnswerMs),
    });
    if (!sums.ok) return notFound(`${sums.url} answered ${sums.status}`);
    expected = checksumOf(await sums.text(), archive);
  } catch (error) {
    return notFound(`${releases} is out of reach (${causeOf(error)})`);
  }
  return fetchInto(binFolder, 'the official release', async (scratch) => {
    const answer = await fetchUrl(`${releases}/v${pinnedVersion}/${archive}`, {
      signal: AbortSignal.timeout(downloadMs),
    });
    if (!answer.ok) throw new ModelogError('download_failed', `${answer.url} answered ${answer.status}`);
    const bytes = Buffer.from(await answer.arrayBuffer());
    verifyChecksum(bytes, expected, archive);
    const program = join(scratch, 'nats-server');
    await writeFile(program, fileInTar(gunzipSync(bytes), '/nats-server'));
    return program;
  });
}

/** The names that the project gives its archives; undefined where it publishes none that this code can unpack. */
export function archiveName(platform: NodeJS.Platform, architecture: string): string | undefined {
  const systems: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin', freebsd: 'freebsd' };
  const machines: Partial<Record<string, string>> = {
    x64: 'amd64',
    arm64: 'arm64',
    arm: 'arm7',
    s390x: 's390x',
    ppc64: 'ppc64le',
  };
  const system = systems[platform];
  const machine = machines[architecture];
  if (system === undefined || machine === undefined) return undefined;
  return `nats-server-v${pinnedVersion}-${system}-${machine}.tar.gz`;
}

/** A line of SHA256SUMS is `<hex>  <file name>`. */
export function checksumOf(sums: string, archive: string): string {
  const line = sums.split('\n').find((each) => each.trim().split(/\s+\*?/)[1] === archive);
  const checksum = line?.trim().split(/\s+/)[0];
  if (checksum === undefined || !/^[0-9a-f]{64}$/.test(checksum)) {
    throw new ModelogError('checksum_unknown', `SHA256SUMS lists no checksum for ${archive}`);
  }
  return checksum;
}

export function verifyChecksum(bytes: Uint8Array, expected: string, archive: string): void {
  const actual = createHash('sha256').update(bytes).digest('hex');
  if (actual !== expected) {
    throw new ModelogError(
      'checksum_mismatch',
      `${archive} has SHA-256 ${actual}, the release lists ${expected}: not used`,
    );
  }
}

/** `fetch failed` says nothing; its cause does. */
const causeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'cause' in error && error.cause !== undefined
    ? messageOf(error.cause)
    : messageOf(error);
