import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeFailure, run, succeeded } from '../processes/run.js';
import { notFound, type Attempt } from './attempt.js';
import { fetchInto } from './bin-folder.js';
import { which } from './on-path.js';
import { pinnedVersion } from './version.js';

/** Builds the pinned version where Go is installed. Go's module checksum database vouches for the source. */
export async function fromGo(binFolder: string, searchPath: string): Promise<Attempt> {
  const go = await which('go', searchPath);
  if (go === undefined) return notFound('go is not on PATH');
  return fetchInto(binFolder, 'go install', async (scratch) => {
    const target = join(scratch, 'go-bin');
    await mkdir(target);
    // Own folders: a user without a writable home (nobody) has no GOPATH. Go writes its module cache read-only unless told.
    const env = {
      ...process.env,
      GOBIN: target,
      GOPATH: join(scratch, 'go'),
      GOCACHE: join(scratch, 'go-cache'),
      GOFLAGS: '-modcacherw',
      CGO_ENABLED: '0',
    };
    const result = await run(go, ['install', `github.com/nats-io/nats-server/v2@v${pinnedVersion}`], {
      cwd: scratch,
      env,
      timeoutMs: 600_000,
    });
    if (!succeeded(result)) throw new Error(`go install: ${describeFailure(result)}`);
    return join(target, 'nats-server');
  });
}
