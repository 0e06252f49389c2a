import { describe, expect, it } from '@jest/globals';
import { subjects, type JobLogLine } from '#libs/contracts/index.js';
import { MemoryStream, StreamUnavailable, type StreamStore } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { createLogger } from '#libs/nest/index.js';
import { JobLog } from './job-log.js';

const logger = createLogger({ component: 'test', instance: 'test', level: 'silent' });

describe('the log of a job', () => {
  it('tries each line while the job goes on, and none that waits once it is over and the log is away', async () => {
    const stream = new MemoryStream({ name: 'OPERATIONS', clock: systemClock });
    const abort = new AbortController();
    let tries = 0;
    const operations = Object.create(stream, {
      publish: {
        value: (): Promise<never> => {
          tries++;
          if (tries === 3) abort.abort();
          return Promise.reject(new StreamUnavailable('OPERATIONS', 'it is away'));
        },
      },
    }) as StreamStore;
    const log = new JobLog({
      ...{ jobId: '0190f0aa-0000-7000-8000-00000000000a', worker: 'w', operations },
      ...{ clock: systemClock, logger, signal: abort.signal },
    });
    for (let line = 0; line < 200; line++) log.info(`line ${line}`);
    await log.written();
    // Those that were under way together when the first one failed.
    expect(tries).toBe(64);
  });

  it('keeps the order of what is said, however much', async () => {
    const operations = new MemoryStream({ name: 'OPERATIONS', clock: systemClock });
    const jobId = '0190f0aa-0000-7000-8000-00000000000a';
    const { signal } = new AbortController();
    const log = new JobLog({ ...{ jobId, worker: 'w', operations, clock: systemClock, logger, signal } });
    const said = Array.from({ length: 300 }, (_, line) => `line ${line}`);
    for (const line of said) log.info(line);
    await log.written();
    log.warn('the last one');
    await log.written();
    const stored = await operations.readSubject(subjects.jobLog(jobId), 1, 'leader');
    const lines = stored.map(({ data }) => JSON.parse(new TextDecoder().decode(data)) as JobLogLine);
    expect(lines.map(({ message }) => message)).toEqual([...said, 'the last one']);
    expect(lines.at(-1)).toMatchObject({ level: 'warn', stage: null, worker: 'w' });
  });
});
