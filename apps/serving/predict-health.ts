import type { z } from 'zod';
import { api } from '#libs/contracts/index.js';
import type { FleetAnswer, ServingFleet } from '#libs/nest/index.js';
import type { ProcessHealth } from './control/health.js';

export type PredictHealth = z.infer<typeof api.predictHealth>;

type DeploymentHealth = PredictHealth['deployments'][number];
type VersionHealth = DeploymentHealth['versions'][number];

export interface PredictHealthSources {
  readonly fleet: Pick<ServingFleet, 'ask'>;
  readonly own: () => ProcessHealth;
}

/** What all serving processes serve. While nobody knows who they are (the log is away) this one answers for itself. */
export async function predictHealth({ fleet, own }: PredictHealthSources): Promise<PredictHealth> {
  const mine = own();
  const answers = await fleet.ask('health', api.processHealth).catch(() => []);
  const others = answers.filter(({ instance }) => instance !== mine.instance);
  return mergeHealth([{ instance: mine.instance, answer: mine }, ...others]);
}

/** One that does not answer is told as silent; versions and errors are of those that do. */
export function mergeHealth(answers: readonly FleetAnswer<ProcessHealth>[]): PredictHealth {
  const processes = [...answers].sort(byInstance);
  const answered = processes.flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
  const names = new Set(answered.flatMap(({ deployments }) => deployments.map(({ deployment }) => deployment)));
  return {
    routing_seq: Math.min(...answered.map(({ routing_seq }) => routing_seq)),
    processes: processes.map(({ instance, answer }) => ({
      instance,
      routing_seq: answer?.routing_seq ?? null,
      state: answer === undefined ? 'silent' : 'serving',
    })),
    deployments: [...names].sort().map((name) => deploymentOf(name, answered)),
  };
}

function deploymentOf(name: string, answered: readonly ProcessHealth[]): DeploymentHealth {
  const told = answered.flatMap(({ instance, deployments }) => {
    const found = deployments.find(({ deployment }) => deployment === name);
    return found === undefined ? [] : [{ instance, ...found }];
  });
  const versions = new Map<string, VersionHealth>();
  for (const { model, version, role, weight, loaded } of told.flatMap((each) => each.versions)) {
    const key = JSON.stringify([model, version, role]);
    const loadedBy = (versions.get(key)?.loaded_by ?? 0) + (loaded ? 1 : 0);
    versions.set(key, {
      ...(versions.get(key) ?? { model, version, role, weight }),
      loaded: loadedBy === answered.length,
      loaded_by: loadedBy,
    });
  }
  const errors = told.flatMap(({ instance, last_error }) => (last_error === null ? [] : [{ ...last_error, instance }]));
  errors.sort((a, b) => (a.at < b.at ? 1 : -1));
  return { deployment: name, versions: [...versions.values()], last_error: errors[0] ?? null };
}

const byInstance = (a: { readonly instance: string }, b: { readonly instance: string }): number =>
  a.instance < b.instance ? -1 : 1;
