import type { RebuildReport } from '#libs/projecting/index.js';
import type { Io } from '../io.js';
import { chosen, readModels } from '../offline/read-models.js';
import { findAddresses, openServers } from '../offline/servers.js';

/** Folds read models anew from the log, beside the live ones, and swaps them in. */
export async function rebuildReadModels(io: Io, name: string, { json }: { readonly json: boolean }): Promise<void> {
  const servers = await openServers(findAddresses(io.env));
  try {
    for (const model of chosen(readModels(servers), name)) {
      const report = await model.rebuild({
        signal: io.signal,
        onProgress: ({ position, target }) => {
          io.progress(`read model ${model.name}: ${position} of ${target}`);
        },
      });
      io.progress('');
      if (json) io.out(JSON.stringify(report));
      else for (const line of told(report)) io.out(line);
    }
  } finally {
    await servers.close();
  }
}

function told({ projection, live, rebuilt, identical, liveVersion }: RebuildReport): string[] {
  const before = live?.digest ?? (liveVersion === undefined ? 'none' : `made by version ${liveVersion}`);
  return [
    `Read model ${projection}, folded up to ${rebuilt.position}`,
    `  before   ${before}`,
    `  rebuilt  ${rebuilt.digest}`,
    `  ${identical === true ? 'identical; swapped' : identical === false ? 'they differ: the rebuilt one is live now' : 'live now'}`,
  ];
}
