import { spawn } from 'node:child_process';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessDefinition } from '../processes/supervised-process.js';
import type { WithParent } from '../processes/dies-with-parent.js';
import {
  natsAddress,
  natsServerCommand,
  prepareNatsFolders,
  type NatsAddress,
  type NatsServerOptions,
} from './launch.js';

export interface NatsComponentOptions {
  /** Finds the program; asked once. */
  findProgram(): Promise<string>;
  readonly server: NatsServerOptions;
  readonly withParent: WithParent;
  readonly onLine: (line: string) => void;
  /** Once per start of the process. The port of the first is kept for all that follow. */
  readonly onReady: (address: NatsAddress) => void;
}

export function natsComponent(options: NatsComponentOptions): ProcessDefinition {
  let server = options.server;
  let program = '';
  return {
    component: 'nats-server',
    stopSignal: 'SIGTERM',
    stopGraceMs: 20_000,
    onLine: options.onLine,
    async prepare() {
      program = await options.findProgram();
    },
    async launch() {
      await prepareNatsFolders(server);
      const { args, env } = natsServerCommand(server);
      const launched = options.withParent({ command: program, args }, 'TERM');
      return spawn(launched.command, launched.args, {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
        // A session of its own: Ctrl-C in the terminal reaches the platform alone, which stops things in order.
        detached: true,
      });
    },
    async ready(child, signal) {
      for (;;) {
        const address = child.pid === undefined ? undefined : await natsAddress(server, child.pid);
        if (address !== undefined && (await greets(address.port))) {
          server = { ...server, port: address.port };
          options.onReady(address);
          return;
        }
        await delay(20, undefined, { signal });
      }
    },
  };
}

/** A NATS server says INFO to whoever connects. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    const finish = (greeted: boolean): void => {
      socket.destroy();
      resolve(greeted);
    };
    socket.setTimeout(2_000, () => {
      finish(false);
    });
    socket.once('error', () => {
      finish(false);
    });
    socket.once('data', (data) => {
      finish(data.toString('latin1').startsWith('INFO '));
    });
  });
}
