import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { makeFolder } from '#tests/support/run-folder.js';
import { until } from '#tests/support/wait.js';
import { CrashJournal, readJournal } from './crash-journal.js';

const newPath = (): string => join(makeFolder('journal'), 'run/serving/serving-0.running');
const rollout = (rolloutId: string) => ({ deployment: `deployment of ${rolloutId}`, rolloutId });

describe('the journal of what runs', () => {
  it('names the rollout whose model runs, and nobody once nothing has run for a while', async () => {
    const path = newPath();
    const journal = new CrashJournal(path, 'epoch 1');
    expect(readJournal(path)).toEqual({ epoch: 'epoch 1', rollout: null });
    const [one, other] = [rollout('one'), rollout('other')].map((each) => journal.observe(each));
    one!.before();
    expect(readJournal(path)?.rollout).toEqual(rollout('one'));
    one!.after();
    other!.before();
    expect(readJournal(path)?.rollout).toEqual(rollout('other'));
    other!.after();
    one!.before();
    expect(readJournal(path)?.rollout).toEqual(rollout('one'));
    one!.after();
    await until(() => readJournal(path)?.rollout === null, { what: 'the entry to be taken back' });
    other!.before();
    expect(readJournal(path)).toEqual({ epoch: 'epoch 1', rollout: rollout('other') });
    journal.close();
  });

  it('tells a model that is being loaded from those that run meanwhile', async () => {
    const path = newPath();
    const journal = new CrashJournal(path, 'epoch');
    const live = journal.observe(rollout('live'));
    live.before();
    live.after();
    let loaded = (_what: string): void => undefined;
    const load = new Promise<string>((resolve) => (loaded = resolve));
    const loading = journal.loading(rollout('new'), () => load);
    expect(readJournal(path)?.rollout).toEqual(rollout('new'));
    live.before();
    expect(readJournal(path)?.rollout).toEqual(rollout('live'));
    live.after();
    expect(readJournal(path)?.rollout).toEqual(rollout('new'));
    loaded('loaded');
    expect(await loading).toBe('loaded');
    expect(readJournal(path)?.rollout).toBeNull();
    await expect(journal.loading(rollout('bad'), () => Promise.reject(new Error('no model')))).rejects.toThrow(
      'no model',
    );
    expect(readJournal(path)?.rollout).toBeNull();
    journal.close();
  });

  it('keeps the numbers apart from the rollouts, however many there are', () => {
    const path = newPath();
    const journal = new CrashJournal(path, 'epoch');
    const observers = Array.from({ length: 300 }, (_, at) => journal.observe(rollout(`r${at}`)));
    observers[298]!.before();
    expect(readJournal(path)?.rollout).toEqual(rollout('r298'));
    journal.observe(rollout('r3')).before();
    expect(readJournal(path)?.rollout).toEqual(rollout('r3'));
    expect(readFileSync(path, 'utf8').split('\n')[0]).toBe('000004 000000');
    journal.close();
  });

  it('begins anew with each life, and is nothing where there is none or a part of one', () => {
    const path = newPath();
    expect(readJournal(path)).toBeUndefined();
    const first = new CrashJournal(path, 'first');
    first.observe(rollout('one')).before();
    first.close();
    new CrashJournal(path, 'second').close();
    expect(readJournal(path)).toEqual({ epoch: 'second', rollout: null });
    writeFileSync(path, '000001 000000\n{"epo');
    expect(readJournal(path)).toBeUndefined();
    writeFileSync(path, '000002 000000\n{"epoch":"e"}\n{"slot":1,"deployment":"d","rollout_id":"r"}\n{"slot":2,"dep');
    expect(readJournal(path)).toEqual({ epoch: 'e', rollout: null });
  });
});
