import { describe, expect, it } from '@jest/globals';
import { api } from '#libs/contracts/index.js';
import { eventually } from '../api/api-world.js';
import { expectRefused } from '../api/refusals.js';
import { finish, results, worker, type TrainingWorld } from './world.js';

export function jobCases(world: () => TrainingWorld): void {
  const jobAt = async (job: string, seq?: number): Promise<api.JobView> => {
    const at = seq === undefined ? '' : `?as_of=seq:${seq}`;
    const { status, body, text } = await world().get(`/api/training/status/${job}${at}`);
    if (status !== 200) throw new Error(text);
    return api.jobView.parse(body);
  };
  const list = async (query: string): Promise<api.JobSummary[]> => {
    const { status, body, text } = await world().get(`/api/training?${query}`);
    if (status !== 200) throw new Error(text);
    return api.jobList.parse(body).items;
  };

  describe('a job', () => {
    it('tells its stages, and what they left, now and at any moment before', async () => {
      const { job, seq: requested } = await world().start({ model: 'staged' });
      const claimed = await world().say(job, { type: 'ClaimJob', ...worker });
      const steps = [finish(1, results.ingest), finish(1, results.validate), finish(1, results.train)];
      const seqs: number[] = [];
      for (const step of steps) seqs.push(await world().say(job, step));
      const half = await world().say(job, { type: 'Progress', claim: 1, stage: 'evaluate', progress: 0.5 });
      seqs.push(await world().say(job, finish(1, results.evaluate)));
      seqs.push(await world().say(job, finish(1, results.package)));
      const registered = { model: 'staged', version: '1.0.0', seq: 1 };
      const ended = await world().say(job, { type: 'ConcludeJob', registered, reasons: [] });

      expect(await jobAt(job, requested)).toMatchObject({ status: 'queued', stage: null, progress: 0, claims: 0 });
      expect(await jobAt(job, claimed)).toMatchObject({
        status: 'running',
        stage: 'ingest',
        worker: 'worker-1',
        claims: 1,
      });
      const atHalf = await jobAt(job, half);
      expect(atHalf).toMatchObject({ stage: 'evaluate', progress: (3 + 0.5) / 5, artifact: results.train.artifact });
      expect(atHalf.stages.find(({ stage }) => stage === 'evaluate')).toMatchObject({
        status: 'running',
        progress: 0.5,
      });
      expect(atHalf.metrics).toBeUndefined();
      expect(await jobAt(job, seqs.at(-1))).toMatchObject({
        status: 'running',
        stage: null,
        progress: 1,
        worker: null,
      });
      expect(await jobAt(job, ended)).toMatchObject({
        ...{ status: 'succeeded', progress: 1, model_version: 'staged@1.0.0', metrics: results.evaluate.metrics },
        dataset: { digest: results.ingest.digest, name: null, rows: 3, profile: results.ingest.profile },
        ...{ artifact: results.train.artifact, baseline: results.package.baseline.artifact },
        ...{ report: results.evaluate.report, warnings: results.validate.warnings, as_of_seq: ended },
      });
    });

    it('tells why it failed, was cancelled or only recorded', async () => {
      const [failed, cancelled, recorded] = [await world().start(), await world().start(), await world().start()];
      for (const { job } of [failed, recorded]) await world().say(job, { type: 'ClaimJob', ...worker });
      const finding = results.validate.warnings[0];
      await world().say(failed.job, {
        ...{ type: 'FailJob', claim: 1, code: 'data_check_failed', message: 'few rows' },
        findings: [{ ...structuredClone(finding), examples: [0], severity: 'error' }],
      });
      for (const stage of ['ingest', 'validate', 'train', 'evaluate', 'package'] as const)
        await world().say(recorded.job, finish(1, results[stage]));
      await world().say(recorded.job, { type: 'ConcludeJob', registered: null, reasons: ['roc_auc 0.5 is below 0.6'] });
      const answer = await world().post(`/api/training/cancel/${cancelled.job}`, { reason: 'wrong data' });
      expect([answer.status, api.trainingCancelled.parse(answer.body).status]).toEqual([200, 'cancelled']);

      const head = await world().head();
      expect(await jobAt(failed.job, head)).toMatchObject({
        ...{ status: 'failed', stage: 'ingest', worker: null },
        error: {
          code: 'data_check_failed',
          message: 'few rows',
          findings: [{ check: 'row_count', severity: 'error' }],
        },
      });
      expect(await jobAt(cancelled.job, head)).toMatchObject({
        ...{ status: 'cancelled', error: { code: 'cancelled', message: 'wrong data' } },
      });
      expect(await jobAt(recorded.job, head)).toMatchObject({
        ...{ status: 'succeeded', not_registered: ['roc_auc 0.5 is below 0.6'] },
      });
      expect((await jobAt(recorded.job, head)).model_version).toBeUndefined();
    });

    it('waits again when its worker gave it back, and goes on behind its last stage', async () => {
      const { job } = await world().start();
      await world().say(job, { type: 'ClaimJob', ...worker });
      await world().say(job, finish(1, results.ingest));
      await world().say(job, { type: 'Progress', claim: 1, stage: 'validate', progress: 0.3 });
      const released = await world().say(job, { type: 'Release', claim: 1, reason: 'shutdown' });
      expect(await jobAt(job, released)).toMatchObject({
        status: 'queued',
        stage: 'validate',
        worker: null,
        claims: 1,
      });
      const again = await world().say(job, { type: 'ClaimJob', worker: 'worker-2', incarnation: worker.incarnation });
      expect(await jobAt(job, again)).toMatchObject({
        status: 'running',
        worker: 'worker-2',
        claims: 2,
        progress: 0.2,
      });
    });

    it('tells trials as they end, the first of each index, and best of all afterwards', async () => {
      const { job } = await world().start({ search: { trials: 3 } });
      await world().say(job, { type: 'ClaimJob', ...worker });
      for (const stage of ['ingest', 'validate'] as const) await world().say(job, finish(1, results[stage]));
      expect(await jobAt(job)).toMatchObject({ trials: [], best_trial: null });
      await world().trial(job, { index: 1, score: 0.75 });
      await world().trial(job, { index: 0, score: 0.5 });
      await world().trial(job, { index: 1, score: 0.9 });
      const running = await jobAt(job);
      expect(running.trials!.map(({ index, score }) => [index, score])).toEqual([
        [0, 0.5],
        [1, 0.75],
      ]);
      expect(running.best_trial).toMatchObject({ index: 1, score: 0.75 });
      expect(running.trials![0]).not.toHaveProperty('worker');
      const before = await jobAt(job, await world().head());
      expect(before.trials).toEqual([]);

      const trials = [...running.trials!, { ...running.trials![0]!, index: 2, status: 'failed', score: null }];
      const record = await world().upload(Buffer.from(JSON.stringify(trials)));
      const best = { index: 1, algorithm: 'random_forest', hyperparameters: {}, score: 0.75 } as const;
      const ended = await world().say(job, {
        ...{ type: 'FinishStage', claim: 1, duration_s: 3 },
        result: { stage: 'search', metric: 'roc_auc', trials: 3, failed: 1, best, cut_off: null, record },
      });
      const after = await jobAt(job, ended);
      expect(after.trials!.map(({ index }) => index)).toEqual([0, 1, 2]);
      expect(after.best_trial).toEqual(running.best_trial);
      expect(after.stages.find(({ stage }) => stage === 'search')?.status).toBe('finished');
    });

    it('can be cancelled without a word', async () => {
      const { job } = await world().start();
      const answer = await world().request('POST', `/api/training/cancel/${job}`);
      expect([answer.status, answer.body.status]).toEqual([200, 'cancelled']);
      const text = { body: 'please', headers: { 'content-type': 'text/plain' } };
      await expectRefused(world(), () => world().request('POST', `/api/training/cancel/${job}`, text), {
        ...{ status: 415, code: 'unsupported_media_type' },
      });
    });

    it('is cancelled once, by one key once, and not when it has ended', async () => {
      const { job } = await world().start();
      const cancel = (body: object, key = {}) => world().post(`/api/training/cancel/${job}`, body, key);
      const key = { 'idempotency-key': 'stop' };
      const first = await cancel({}, key);
      expect((await cancel({}, key)).body).toEqual(first.body);
      const ended = { status: 409, code: 'job_ended', says: 'cancelled' } as const;
      await expectRefused(world(), () => cancel({}), ended);
      await expectRefused(world(), () => cancel({ reason: 'x' }, key), { status: 409, code: 'idempotency_conflict' });
      expect(await jobAt(job, await world().head())).toMatchObject({ error: { message: 'cancelled by request' } });
    });

    const unknown = '0b1c2d3e-4f50-5a6b-8c7d-9e0f1a2b3c4d';
    it.each(['status/', 'logs/', ''])('that nobody started is not there: %s', async (path) => {
      const missing = { status: 404, code: 'job_not_found' } as const;
      await expectRefused(world(), () => world().get(`/api/training/${path}${unknown}`), missing);
      await expectRefused(world(), () => world().get(`/api/training/${path}job-1`), {
        status: 422,
        code: 'invalid_request',
      });
    });

    it('that nobody started cannot be cancelled, nor any by who may only read', async () => {
      const missing = { status: 404, code: 'job_not_found' } as const;
      await expectRefused(world(), () => world().post(`/api/training/cancel/${unknown}`, {}), missing);
      const { job } = await world().start();
      const viewer = await world().as('vera', 'viewer');
      await expectRefused(world(), () => world().post(`/api/training/cancel/${job}`, {}, viewer), {
        ...{ status: 403, code: 'forbidden' },
      });
      expect((await world().request('GET', `/api/training/status/${job}`, { headers: viewer })).status).toBe(200);
    });
  });

  describe('the list of jobs', () => {
    it('has the newest first, page by page of one moment', async () => {
      const jobs: string[] = [];
      for (const _job of [1, 2, 3]) jobs.push((await world().start({ model: 'paged' })).job);
      await eventually(
        'the jobs to be listed',
        () => world().get('/api/training?model=paged'),
        ({ body }) => (body.items as unknown[]).length === 3,
      );
      const first = (await world().get('/api/training?model=paged&limit=2')).body as {
        items: object[];
        next_cursor: string;
      };
      await world().start({ model: 'paged' });
      const second = await world().get(`/api/training?model=paged&limit=2&cursor=${first.next_cursor}`);
      const shown = [...first.items, ...(second.body.items as object[])] as { job_id: string }[];
      expect(shown.map(({ job_id }) => job_id)).toEqual([...jobs].reverse());
      expect(second.body.next_cursor).toBeNull();
      await expectRefused(world(), () => world().get(`/api/training?cursor=${first.next_cursor}`), {
        ...{ status: 422, code: 'invalid_cursor' },
      });
    });

    it('is narrowed by status, model and any filter, and ordered', async () => {
      const [low, high] = [
        await world().start({ model: 'found' }),
        await world().start({ model: 'found', target: 'age' }),
      ];
      for (const [{ job }, auc] of [
        [low, 0.7],
        [high, 0.9],
      ] as const) {
        await world().say(job, { type: 'ClaimJob', ...worker });
        for (const stage of ['ingest', 'validate', 'train'] as const) await world().say(job, finish(1, results[stage]));
        await world().say(
          job,
          finish(1, { ...results.evaluate, metrics: { ...results.evaluate.metrics, roc_auc: auc } } as never),
        );
      }
      const last = await world().say(low.job, { type: 'FailJob', code: 'timed_out', message: 'late' });
      const found = async (query: string) =>
        (await list(`model=found&min_seq=${last}&${query}`)).map(({ job_id }) => (job_id === low.job ? 'low' : 'high'));
      expect(await found('')).toEqual(['high', 'low']);
      expect(await found('status=running')).toEqual(['high']);
      expect(await found(`filter=${encodeURIComponent('metrics.roc_auc > 0.8')}`)).toEqual(['high']);
      expect(await found(`filter=${encodeURIComponent('error = "timed_out" and target != "age"')}`)).toEqual(['low']);
      expect(await found('order_by=metrics.roc_auc')).toEqual(['low', 'high']);
      expect((await list(`model=found&min_seq=${last}`))[1]).toMatchObject({
        ...{ status: 'failed', algorithm: 'random_forest', target: 'defaulted', metrics: { roc_auc: 0.7 } },
        ...{ error: { code: 'timed_out', message: 'late' } },
      });
    });

    it.each([
      ['status=asleep', 'invalid_request'],
      ['filter=colour%20%3D%201', 'invalid_filter'],
      ['order_by=colour', 'invalid_order'],
      ['sort=model', 'invalid_request'],
    ] as const)('is refused for %s', async (query, code) => {
      await expectRefused(world(), () => world().get(`/api/training?${query}`), { status: 422, code });
    });
  });
}
