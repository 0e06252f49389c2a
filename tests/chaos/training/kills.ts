/**
 * Workers are killed at random moments; every job ends, once, with the artifact that an undisturbed run gives.
 */
import { eventCatalogue, type GovernanceEvent } from '#libs/contracts/index.js';
import { resultOf, type TrainingJobState } from '#libs/domain/index.js';
import { EventReader, isUnknown, JetStreamStore, verifyEvents } from '#libs/event-log/index.js';
import { streamNames } from '#config/streams.js';
import { startTrainingRig, unpackDataset, type ProcessHandle, type TrainingRig } from '#tests/support/training.js';

export interface KillsOptions {
  readonly jobs: number;
  readonly kills: number;
  readonly rows: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface KillsReport {
  readonly kills: number;
  /** Claims of all jobs together: more than jobs where a kill struck. */
  readonly claims: number;
  readonly ended: Readonly<Record<string, number>>;
  /** Jobs whose artifact is not that of the undisturbed run with the same seed. */
  readonly different: readonly string[];
  /** Jobs with more than one final event, or a version registered more than once. */
  readonly doubled: readonly string[];
  readonly problems: readonly unknown[];
}

const workers = ['worker-a', 'worker-b'];
const seeds = 3;

export async function trainingKills(options: KillsOptions): Promise<KillsReport> {
  const rig = await startTrainingRig();
  try {
    const uri = await unpackDataset('elec.csv', rig.datasets, options.rows);
    await rig.startOrchestrator();
    const running = new Map<string, ProcessHandle>();
    for (const name of workers) running.set(name, await rig.startWorker(name));
    const expected = await undisturbed(rig, uri);
    const jobs: { id: string; seed: number }[] = [];
    for (let index = 0; index < options.jobs; index++) {
      const seed = index % seeds;
      jobs.push({ id: await request(rig, uri, `victim-${index}`, seed), seed });
    }
    await killAll(
      rig,
      running,
      jobs.map(({ id }) => id),
      options,
    );
    const states = new Map<string, TrainingJobState>();
    for (const { id } of jobs) states.set(id, await rig.ended(id, 300_000));
    return await report(rig, jobs, states, expected, options.kills);
  } finally {
    await rig.stop();
  }
}

const request = (rig: TrainingRig, uri: string, model: string, seed: number): Promise<string> =>
  rig.request({
    ...{ model, target: 'class', seed, claim_s: 5, max_attempts: 1000 },
    dataset: { source: { uri }, name: null, version: null, digest: null },
    trainer: { type: 'builtin', algorithm: 'gradient_boosting', hyperparameters: { n_estimators: 60 } },
    search: {
      ...{ strategy: 'random', trials: 4, lookback: 2, time_limit_s: null },
      spaces: { gradient_boosting: { max_leaves: { int: [4, 15], log: false } } },
    },
  });

/** The artifact of each seed. */
async function undisturbed(rig: TrainingRig, uri: string): Promise<readonly string[]> {
  const artifacts: string[] = [];
  for (let seed = 0; seed < seeds; seed++)
    artifacts.push(artifactOf(await rig.ended(await request(rig, uri, `calm-${seed}`, seed), 120_000)));
  return artifacts;
}

/** A killed worker is started again at once, as its supervisor would. */
async function killAll(
  rig: TrainingRig,
  running: Map<string, ProcessHandle>,
  jobs: readonly string[],
  { kills, random }: KillsOptions,
): Promise<void> {
  for (let kill = 0; kill < kills; kill++) {
    await new Promise((resolve) => setTimeout(resolve, 50 + random() * 1500));
    const name = workers[Math.floor(random() * workers.length)]!;
    await running.get(name)!.kill();
    running.set(name, await rig.startWorker(name));
    const ended = await Promise.all(jobs.map(async (id) => (await rig.state(id)).ended));
    if (ended.every((each) => each !== null))
      throw new Error(`all jobs have ended after ${kill + 1} kills: give them more to do`);
  }
}

async function report(
  rig: TrainingRig,
  jobs: readonly { id: string; seed: number }[],
  states: ReadonlyMap<string, TrainingJobState>,
  expected: readonly string[],
  kills: number,
): Promise<KillsReport> {
  const ended: Record<string, number> = {};
  for (const state of states.values()) ended[String(state.ended)] = (ended[String(state.ended)] ?? 0) + 1;
  const events = new JetStreamStore({ connection: rig.connection, stream: streamNames.events });
  return {
    ...{ kills, ended },
    claims: [...states.values()].reduce((sum, { claims }) => sum + claims, 0),
    different: jobs.filter(({ id, seed }) => artifactOf(states.get(id)!) !== expected[seed]).map(({ id }) => id),
    doubled: await doubled(new EventReader<GovernanceEvent>(events, eventCatalogue)),
    problems: await problemsOf(events),
  };
}

async function problemsOf(events: JetStreamStore): Promise<unknown[]> {
  const problems: unknown[] = [];
  for await (const problem of verifyEvents(events, eventCatalogue)) problems.push(problem);
  return problems;
}

const artifactOf = ({ results }: TrainingJobState): string => resultOf(results, 'train')?.artifact ?? 'none';

const final = new Set<string>(['TrainingSucceeded', 'TrainingFailed', 'TrainingCancelled']);

async function doubled(events: EventReader<GovernanceEvent>): Promise<string[]> {
  const seen = new Map<string, number>();
  for (let from: number | undefined = 1; from !== undefined;) {
    const { records, nextSeq } = await events.page(from, 500);
    for (const record of records) {
      if (isUnknown(record)) continue;
      const { event } = record;
      const about = final.has(event.type) && 'job_id' in event.data ? event.data.job_id : undefined;
      const version =
        event.type === 'VersionRegistered' ? `version of ${event.data.lineage.training_job ?? ''}` : about;
      if (version !== undefined) seen.set(version, (seen.get(version) ?? 0) + 1);
    }
    from = nextSeq;
  }
  return [...seen].filter(([, count]) => count > 1).map(([name]) => name);
}
