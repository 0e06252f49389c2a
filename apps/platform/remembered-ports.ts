import { join } from 'node:path';
import { z } from 'zod';
import { parseJson, readIfPresent, writeWhole } from './data-folder.js';
import { isFree } from './processes/free-port.js';

const portsSchema = z.object({ nats: z.int().optional(), postgres: z.int().optional() });
type Ports = z.infer<typeof portsSchema>;

/** A restarted platform keeps its servers' addresses, for clients that were told them. */
export interface RememberedPorts {
  /** 0 when none is remembered, or another program has taken it since. */
  recall(server: keyof Ports): Promise<number>;
  remember(server: keyof Ports, port: number): void;
}

export function rememberedPorts(runFolder: string): RememberedPorts {
  const path = join(runFolder, 'ports.json');
  let ports: Ports = portsSchema.safeParse(parseJson(readIfPresent(path) ?? '')).data ?? {};
  return {
    async recall(server) {
      const port = ports[server];
      return port !== undefined && (await isFree(port)) ? port : 0;
    },
    remember(server, port) {
      ports = { ...ports, [server]: port };
      writeWhole(path, JSON.stringify(ports));
    },
  };
}
