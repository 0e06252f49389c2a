import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openDatabase, type Database } from '#libs/projecting/index.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { Checkpoints, type Saved } from './checkpoints.js';
import { NameTaken, WatchFenced } from '../errors.js';

let handle: DatabaseHandle;
let database: Database;
const unusable: string[] = [];

beforeAll(async () => {
  handle = await createDatabase('checkpoints');
  database = openDatabase({ url: handle.url, applicationName: 'spec' });
});
afterAll(async () => {
  await database.end();
  await handle.drop();
});
beforeEach(async () => {
  unusable.length = 0;
  await database.query('drop schema if exists monitoring_process cascade');
});

const process = (name: string, incarnation = `${name} 1`, stateVersion = 1): Checkpoints =>
  new Checkpoints({
    ...{ database, name, incarnation, stateVersion },
    onUnusable: (deployment, reason) => unusable.push(`${deployment}: ${reason}`),
  });
const opened = async (...of: Parameters<typeof process>): Promise<Checkpoints> => {
  const checkpoints = process(...of);
  await checkpoints.open();
  return checkpoints;
};
const saved = (seq: number): Saved => ({
  position: { seq, logTime: 1_000 * seq, eventsSeq: 3 },
  windowsSeq: 2,
  state: { rows: Float64Array.of(1, seq) },
});

describe('checkpoints', () => {
  it('are given back as they were saved, to the next life of the process at once', async () => {
    const first = await opened('a');
    expect(await first.take('d')).toEqual({ kind: 'taken', epoch: 1, saved: null });
    await first.save('d', 1, saved(7));
    const next = await opened('a', 'a 2');
    expect(await next.take('d')).toEqual({ kind: 'taken', epoch: 2, saved: saved(7) });
    await expect(first.save('d', 1, saved(8))).rejects.toBeInstanceOf(WatchFenced);
    await expect(first.beat()).rejects.toBeInstanceOf(NameTaken);
    await next.beat();
    expect([await first.isNameFree(), await next.isNameFree()]).toEqual([false, true]);
    await next.leave();
    expect(await first.isNameFree()).toBe(true);
  });

  it('are of one process while it lives, and of another one when it has left', async () => {
    const [one, other] = [await opened('one'), await opened('other')];
    await one.take('d');
    expect(await other.take('d')).toEqual({ kind: 'watched', by: 'one' });
    await one.save('d', 1, saved(7));
    await one.leave();
    expect(await other.take('d')).toEqual({ kind: 'taken', epoch: 2, saved: saved(7) });
  });

  it('whose process was not heard of are taken over; it may write no more', async () => {
    const [silent, other] = [await opened('silent'), await opened('other')];
    await silent.take('d');
    await database.query(
      `update monitoring_process.processes set seen_at = now() - interval '11 s' where name = 'silent'`,
    );
    expect(await other.take('d')).toMatchObject({ kind: 'taken', epoch: 2 });
    await expect(silent.save('d', 1, saved(1))).rejects.toBeInstanceOf(WatchFenced);
    // It is heard of again, and does not have it for that.
    await silent.beat();
    expect(await silent.take('d')).toEqual({ kind: 'watched', by: 'other' });
  });

  it.each([
    'truncate monitoring_process.processes',
    'drop table monitoring_process.processes',
    'drop schema monitoring_process cascade',
  ])('go on after "%s": who lives enters again, and nothing is taken from it', async (damage) => {
    const one = await opened('one');
    await one.take('d');
    await database.query(damage);
    await one.beat();
    await one.beat();
    const other = await opened('other');
    expect(await one.take('d')).toMatchObject({ kind: 'taken' });
    expect(await other.take('d')).toEqual({ kind: 'watched', by: 'one' });
  });

  it('of dropped tables are fenced though epochs begin anew', async () => {
    const [one, other] = [await opened('one'), await opened('other')];
    await one.take('d');
    await database.query('drop schema monitoring_process cascade');
    await other.beat();
    expect(await other.take('d')).toMatchObject({ kind: 'taken', epoch: 1 });
    await expect(one.save('d', 1, saved(9))).rejects.toBeInstanceOf(WatchFenced);
    await other.save('d', 1, saved(3));
    await other.leave();
    expect(await one.take('d')).toMatchObject({ saved: saved(3) });
  });

  it.each([
    ['traffic_seq = 100000', 'it is not what was saved'],
    ['windows_seq = 9', 'it is not what was saved'],
    ['log_time = 1', 'it is not what was saved'],
    ['events_seq = 1', 'it is not what was saved'],
    [`state = substring(state for 4)`, 'it is not what was saved'],
    [`state = '\\x00'`, 'it is not what was saved'],
    ['sha256 = null', 'it is not what was saved'],
    [`deployment = 'd', state = state`, null],
    ['state_version = 0', 'its state has version 0: expected 1'],
    [`state = null, sha256 = null`, null],
  ])('with %s are not gone on with', async (change, reason) => {
    const one = await opened('one');
    await one.take('d');
    await one.save('d', 1, saved(7));
    await database.query(`update monitoring_process.checkpoints set ${change}`);
    const taken = await one.take('d');
    const isWhole = change.startsWith('deployment');
    expect(taken).toEqual({ kind: 'taken', epoch: 2, saved: isWhole ? saved(7) : null });
    expect(unusable).toEqual(reason === null ? [] : [expect.stringMatching(`^d: ${reason}`)]);
  });

  it('of another deployment are not gone on with', async () => {
    const one = await opened('one');
    for (const deployment of ['d', 'e']) {
      await one.take(deployment);
      await one.save(deployment, 1, saved(7));
    }
    await database.query(
      `delete from monitoring_process.checkpoints where deployment = 'e';
       update monitoring_process.checkpoints set deployment = 'e'`,
    );
    expect(await one.take('e')).toMatchObject({ saved: null });
    expect(unusable).toHaveLength(1);
  });
});
