/** A platform of serving processes alone, as `npm start` keeps them: compiled, on one port, over the log of a world. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { attribute, graphBytes, modelBytes, node, tensor, valueInfo } from '#libs/onnx/index.js';
import { servingProcess } from '#apps/platform/apps.js';
import { createPlatform } from '#apps/platform/platform.js';
import { standardPolicy } from '#apps/platform/processes/supervised-process.js';
import { readSettings } from '#apps/platform/settings.js';
import { rootFolder } from '#apps/platform/root-folder.js';
import { makeFolder, register } from '#tests/support/run-folder.js';
import { buildPlatform } from '#tests/support/platform.js';
import type { World } from './world.js';

export interface Pool {
  readonly url: string;
  /** What runs now, by name. */
  pids(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

export interface PoolOptions {
  readonly processes?: number;
  /** Sections of pipeline_config.yaml. */
  readonly serving?: object;
  readonly deployment?: object;
  /** MODELOG_UNRESPONSIVE_S. */
  readonly unresponsiveS?: number;
}

export async function startPool(
  world: World,
  { processes = 1, serving = {}, deployment = {}, unresponsiveS = 15 }: PoolOptions = {},
): Promise<Pool> {
  buildPlatform();
  const folder = makeFolder('serving-pool');
  const config = makeFolder('config');
  writeFileSync(join(config, 'pipeline_config.yaml'), JSON.stringify({ serving, deployment }));
  const platform = createPlatform({
    settings: readSettings({
      MODELOG_DATA_DIR: folder,
      MODELOG_CONFIG_DIR: config,
      MODELOG_PORT: '0',
      NATS_URL: world.nats.url,
      DATABASE_URL: 'postgres://127.0.0.1:1/none',
      LOG_LEVEL: 'warn',
      MODELOG_UNRESPONSIVE_S: String(unresponsiveS),
    }),
    apps: [
      Array.from({ length: processes }, (_, index) => ({
        ...servingProcess(index),
        program: join(rootFolder, 'dist/apps/serving/main.js'),
      })),
    ],
    standbyAfterMs: 0,
    // Crashes that a test brings about one after the other are no reason to wait.
    servingPolicy: { ...standardPolicy, backoffMs: 0 },
    output: { print: () => undefined, appLine: () => undefined, logger: pino({ level: 'silent' }) },
  });
  const url = await platform.start();
  const pids = (): Record<string, number> => {
    const text = readFileSync(join(folder, 'run/processes.json'), 'utf8');
    const running = JSON.parse(text) as { component: string; pid: number }[];
    for (const { pid, component } of running) register(pid, component);
    return Object.fromEntries(running.map(({ component, pid }) => [component, pid]));
  };
  pids();
  return { url, pids, stop: () => platform.stop() };
}

/**
 * A graph that ends its process: the least 32-bit integer divided by x less `fatal`, less one. At x = `fatal` it is
 * divided by -1; that quotient is no 32-bit integer, and x86 processors answer with a trap. The runtime checks a division
 * by zero only.
 */
export const crashingAt = (fatal: number): Uint8Array =>
  modelBytes({
    inputs: [valueInfo('x', 'int32', [null, 1])],
    outputs: [valueInfo('y', 'int32', [null, 1])],
    nodes: [node('Sub', ['x', 'shift'], ['divisor']), node('Div', ['least', 'divisor'], ['y'])],
    initializers: [tensor.int32('shift', [1], [fatal + 1]), tensor.int32('least', [1], [-(2 ** 31)])],
  });

/** A graph that goes round as often as x says: y is x, for a large one long after everybody is gone. */
export const goingRound = (): Uint8Array =>
  modelBytes({
    inputs: [valueInfo('x', 'int64', [null, 1])],
    outputs: [valueInfo('y', 'int64', [null, 1])],
    nodes: [
      node('ReduceMax', ['x'], ['rounds'], [attribute.integer('keepdims', 0)]),
      node('Equal', ['rounds', 'rounds'], ['always']),
      node('Loop', ['rounds', 'always', 'x'], ['y'], [attribute.graph('body', oneRound)]),
    ],
  });

const untyped = (name: string): Uint8Array => Uint8Array.from([0x0a, name.length, ...Buffer.from(name)]);

const oneRound = graphBytes({
  inputs: [valueInfo('round', 'int64', []), untyped('goes_on'), untyped('value')],
  outputs: ['goes_on_still', 'same_value'].map(untyped),
  nodes: [node('Identity', ['goes_on'], ['goes_on_still']), node('Identity', ['value'], ['same_value'])],
});
