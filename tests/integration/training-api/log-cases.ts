import { describe, expect, it } from '@jest/globals';
import { api } from '#libs/contracts/index.js';
import { openFeedAt, type Feed } from '../api/feed.js';
import { expectRefused } from '../api/refusals.js';
import type { TrainingWorld } from './world.js';

export function logCases(world: () => TrainingWorld): void {
  const page = async (job: string, query = ''): Promise<{ messages: string[]; next_cursor: string | null }> => {
    const { status, body, text } = await world().get(`/api/training/logs/${job}?${query}`);
    if (status !== 200) throw new Error(text);
    const { lines, next_cursor } = api.jobLogs.parse(body);
    return { messages: lines.map(({ message }) => message), next_cursor };
  };
  const follow = async (job: string, headers: Record<string, string> = {}): Promise<Feed> =>
    openFeedAt(`${world().url}/api/training/logs/${job}`, { ...(await world().as('vera', 'viewer')), ...headers });
  const numbered = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, index) => `line ${from + index}`);

  describe('the log of a job', () => {
    it('comes in pages, its own lines alone, each once', async () => {
      const [{ job }, other] = [await world().start(), await world().start()];
      expect(await page(job)).toEqual({ messages: [], next_cursor: null });
      await world().log(job, ...numbered(1, 3));
      await world().log(other.job, 'of another job');
      await world().log(job, ...numbered(4, 5));
      const told: string[] = [];
      for (let query = 'limit=2'; ;) {
        const { messages, next_cursor } = await page(job, query);
        told.push(...messages);
        expect(messages.length).toBeLessThanOrEqual(2);
        if (next_cursor === null) break;
        query = `limit=2&cursor=${next_cursor}`;
      }
      expect(told).toEqual(numbered(1, 5));
      const first = await page(job, 'limit=2');
      await expectRefused(world(), () => world().get(`/api/training/logs/${other.job}?cursor=${first.next_cursor!}`), {
        status: 422,
        code: 'invalid_cursor',
      });
      for (const query of ['limit=0', 'limit=1001', 'from=1'])
        await expectRefused(world(), () => world().get(`/api/training/logs/${job}?${query}`), {
          ...{ status: 422, code: 'invalid_request' },
        });
    });

    it('shows what is no line as what it is', async () => {
      const { job } = await world().start();
      const message = { subject: `ops.training-log.${job}`, headers: {}, data: Buffer.from('Segmentation fault') };
      await world().operations.publish(message);
      const { body } = await world().get(`/api/training/logs/${job}`);
      expect(body.lines).toMatchObject([{ message: 'Segmentation fault', level: 'warn', stage: null }]);
    });

    it('is followed: what is there, what comes, and how it ended', async () => {
      const { job } = await world().start();
      const seqs = await world().log(job, ...numbered(1, 2));
      const feed = await follow(job);
      for (const [index, seq] of seqs.entries())
        expect(await feed.next()).toMatchObject({ id: String(seq), data: { message: `line ${index + 1}` } });
      const [third] = await world().log(job, 'line 3');
      expect(await feed.next()).toMatchObject({ id: String(third), data: { message: 'line 3', worker: 'worker-1' } });
      await world().log(job, 'line 4');
      await world().say(job, { type: 'CancelTraining', reason: 'enough' });
      expect(await feed.next()).toMatchObject({ data: { message: 'line 4' } });
      expect(await feed.next()).toEqual({ id: undefined, event: 'end', data: { status: 'cancelled' } });
      expect(await feed.next()).toBeUndefined();
    });

    it('goes on behind Last-Event-ID, and ends at once where all is told', async () => {
      const { job } = await world().start();
      const seqs = await world().log(job, ...numbered(1, 3));
      await world().say(job, { type: 'FailJob', code: 'timed_out', message: 'late' });
      const resumed = await follow(job, { 'last-event-id': String(seqs[1]) });
      expect(await resumed.next()).toMatchObject({ id: String(seqs[2]), data: { message: 'line 3' } });
      expect(await resumed.next()).toMatchObject({ event: 'end', data: { status: 'failed' } });
      const told = await follow(job, { 'last-event-id': String(seqs[2]) });
      expect(await told.next()).toMatchObject({ event: 'end' });
      expect(await told.next()).toBeUndefined();
    });

    it('is read in pieces where it is long', async () => {
      const { job } = await world().start();
      await world().log(job, ...numbered(1, 600));
      await world().say(job, { type: 'CancelTraining', reason: 'enough' });
      const feed = await follow(job);
      const told: unknown[] = [];
      for (let event = await feed.next(); event?.event !== 'end'; event = await feed.next())
        told.push((event!.data as { message: string }).message);
      expect(told).toEqual(numbered(1, 600));
      await feed.close();
    });

    it('is refused for a place that is none', async () => {
      const { job } = await world().start();
      const headers = { ...(await world().as('vera', 'viewer')), accept: 'text/event-stream', 'last-event-id': 'x' };
      await expectRefused(world(), () => world().request('GET', `/api/training/logs/${job}`, { headers }), {
        ...{ status: 422, code: 'invalid_request', path: 'header Last-Event-ID' },
      });
    });
  });
}
