import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startWorld, type World } from './world.js';
import type { RunningOrchestrator } from '#apps/orchestrator/main.js';
import { until } from '#tests/support/wait.js';

let world: World;
const running: RunningOrchestrator[] = [];
const orchestrate = async (): Promise<RunningOrchestrator> => {
  const started = await world.orchestrate();
  running.push(started);
  return started;
};

beforeAll(async () => {
  world = await startWorld();
});
afterEach(async () => {
  for (const each of running.splice(0)) await each.stop();
});
afterAll(async () => {
  expect(await world.problems()).toEqual([]);
  await world.stop();
});

const claim = { type: 'ClaimJob', worker: 'training-1', incarnation: '0198c0de-0000-7000-8000-000000000001' } as const;

describe('the orchestrator', () => {
  it('registers what a job has made, in the name of who asked for it, and concludes the job', async () => {
    await orchestrate();
    const job = await world.request({ model: 'plain' });
    await world.finish(job);
    const succeeded = await world.seen(job, 'TrainingSucceeded');
    const [registered, ...others] = await world.modelEvents('plain');
    expect(others).toEqual([]);
    expect(registered).toMatchObject({
      meta: { actor: 'ann', correlationId: (await world.eventsOf(job))[0]!.meta.correlationId },
      event: {
        type: 'VersionRegistered',
        data: {
          ...{ model: 'plain', version: '1.0.0', size: 1_234_567, task: 'classification' },
          ...{ artifact: `sha256:${'15'.repeat(32)}`, metrics: { roc_auc: 0.9453125, log_loss: 1e-7 } },
          baseline: { artifact: `sha256:${'18'.repeat(32)}`, format: 'modelog.baseline+json' },
          hyperparameters: { n_estimators: 211, max_features: 'sqrt', max_depth: null, bootstrap: true },
          tags: { team: 'risk', 'cost-center': '42' },
          lineage: {
            dataset: 'payments@2.1.0',
            training_job: job,
            source: 'trainer:builtin/random_forest',
          },
        },
      },
    });
    expect(succeeded).toMatchObject({
      meta: { actor: 'system:orchestrator' },
      event: { data: { registered: { model: 'plain', version: '1.0.0', seq: registered!.seq }, reasons: [] } },
    });
    const steps = await world.settled(job);
    expect(steps.at(-1)!.ended).toBe('succeeded');
    const issued = steps.flatMap(({ commands }) => commands);
    expect(issued.map(({ type }) => type)).toEqual(['RegisterTrainedVersion', 'ConcludeJob']);
    // The version's event is the command's: whoever executes it again finds it.
    expect(registered!.meta.commandId).toBe(issued[0]!.id);
  });

  it('only concludes a job whose gate is shut', async () => {
    await orchestrate();
    const job = await world.request({ model: 'shut' });
    await world.finish(job, { package: { gate: { passed: false, reasons: ['roc_auc 0.7 is below 0.75'] } } });
    expect((await world.seen(job, 'TrainingSucceeded')).event.data).toEqual({
      ...{ job_id: job, registered: null },
      reasons: ['roc_auc 0.7 is below 0.75'],
    });
    await world.settled(job);
    expect(await world.modelEvents('shut')).toEqual([]);
  });

  it('fails a job whose version is refused, with the reason', async () => {
    await orchestrate();
    const job = await world.request({ model: 'full' });
    const first = await world.request({ model: 'full' });
    await world.finish(first);
    await world.seen(first, 'TrainingSucceeded');
    const [registered] = await world.modelEvents('full');
    if (registered?.event.type !== 'VersionRegistered') throw new Error('no version was registered');
    // Behind this version there is no next one.
    const last = { ...registered.event.data, version: '999999999.999999999.0' };
    await world.onModel('full', { type: 'RegisterVersion', registration: last });
    await world.finish(job);
    expect((await world.seen(job, 'TrainingFailed')).event.data).toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('is beyond what a version can be'),
    });
    expect((await world.settled(job)).at(-1)!.ended).toBe('failed: invalid_request');
  });

  it('takes a claim back that has run out, and ends a job whose time is over', async () => {
    await orchestrate();
    const silent = await world.request({ claim_s: 0.2 });
    await world.onJob(silent, claim);
    const released = await world.seen(silent, 'TrainingReleased');
    expect(released).toMatchObject({ meta: { actor: 'system:orchestrator' }, event: { data: { reason: 'expired' } } });
    // Whoever claims it next goes on.
    await world.onJob(silent, { ...claim, worker: 'training-2' });

    const endless = await world.request({ timeout_s: 0.2 });
    expect((await world.seen(endless, 'TrainingFailed')).event.data).toMatchObject({ code: 'timed_out' });
    expect((await world.settled(endless)).at(-1)!.ended).toBe('failed: timed_out');
  });

  it('takes up what happened while it was away, and two at once do nothing twice', async () => {
    const jobs = await Promise.all(['one', 'two', 'three', 'four'].map((model) => world.request({ model })));
    const timedOut = await world.request({ model: 'late', timeout_s: 0.1 });
    for (const job of jobs.slice(0, 2)) await world.finish(job);
    await Promise.all([orchestrate(), orchestrate()]);
    for (const job of jobs.slice(2)) await world.finish(job);
    for (const job of jobs) {
      await world.seen(job, 'TrainingSucceeded');
      expect((await world.settled(job)).at(-1)!.ended).toBe('succeeded');
    }
    for (const model of ['one', 'two', 'three', 'four']) expect(await world.modelEvents(model)).toHaveLength(1);
    expect((await world.settled(timedOut)).at(-1)!.ended).toBe('failed: timed_out');
  });

  it('is healthy when it follows the log', async () => {
    const orchestrator = await orchestrate();
    const report = await until(
      async () => {
        const now = await orchestrator.health();
        return now.ready && now;
      },
      { what: 'the orchestrator to be ready' },
    );
    expect(report.components).toMatchObject([{ component: 'processes', healthy: true }]);
  });
});
