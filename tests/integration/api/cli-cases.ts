import { describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { run } from '#apps/cli/run.js';
import type { Io } from '#apps/cli/io.js';
import { fixture, type ApiWorld } from './api-world.js';

interface Told {
  readonly code: number;
  readonly out: string[];
  readonly err: string[];
}

export function cliCases(world: () => ApiWorld): void {
  describe('modelog', () => {
    const modelog = async (argv: readonly string[], change: Partial<Io> = {}): Promise<Told> => {
      const told = { out: [] as string[], err: [] as string[] };
      const io: Io = {
        out: (line) => told.out.push(line),
        err: (line) => told.err.push(line),
        progress: () => undefined,
        env: world().env,
        signal: new AbortController().signal,
        ...change,
      };
      return { code: await run(['--url', world().url, ...argv], io), ...told };
    };
    const register = async (name: string): Promise<number> => {
      const artifact = await world().upload(fixture('mlp-iris/model.onnx'));
      return Number((await world().post('/api/models', { name, artifact })).body.seq);
    };
    const inDatabase = async (sql: string): Promise<void> => {
      const client = new pg.Client({ connectionString: world().env.DATABASE_URL });
      await client.connect();
      await client.query(sql);
      await client.end();
    };

    it('status tells what cannot serve, the deployments and how far the read models are', async () => {
      const told = await modelog(['status']);
      expect(told.code).toBe(1);
      const text = told.out.join('\n');
      expect(text).toContain('serving: no serving process is registered');
      expect(text).toMatch(/^EVENTS +\d+$/m);
      expect(text).toMatch(/^registry +EVENTS +\d+ +\d+$/m);

      await world().members.put({ instance: 's0', epoch: 'e', pid: 1, started_at: new Date().toISOString() });
      const ready = await modelog(['--json', 'status']);
      expect(ready.code).toBe(0);
      expect(JSON.parse(ready.out[0]!)).toMatchObject({
        ...{ ready: true, unhealthy: [] },
        logs: [{ stream: 'EVENTS', last_seq: await world().head() }, { stream: 'TRAFFIC' }, { stream: 'WINDOWS' }],
        read_models: [
          ...[{ projection: 'deployments' }, { projection: 'findings' }, { projection: 'lineage' }],
          ...[{ projection: 'registry' }, { projection: 'traffic' }, { projection: 'training' }],
          { projection: 'windows' },
        ],
      });
      await world().members.remove('s0');
    });

    it('events lists, filtered, and says when there are more', async () => {
      const first = await register('told 1');
      await register('told 2');
      const told = await modelog(['events', '--from', String(first), '--limit', '1']);
      expect(told.code).toBe(0);
      expect(told.out).toHaveLength(1);
      expect(told.out[0]).toMatch(new RegExp(`^ *${first} .*VersionRegistered +model/told 1 +by local +told 1@1.0.0$`));
      expect(told.err.join()).toContain(`--from ${first + 1}`);
      const filtered = await modelog([
        '--json',
        'events',
        '--aggregate',
        'model/told 2',
        '--types',
        'VersionRegistered',
      ]);
      expect(filtered.out.map((line) => (JSON.parse(line) as { subject: string }).subject)).toEqual([
        'evt.model.told=202',
      ]);
    });

    it('events --follow goes on with what comes, until it is interrupted', async () => {
      const head = await world().head();
      const interrupt = new AbortController();
      const lines: string[] = [];
      const following = modelog(['events', '--follow', '--from', String(head)], {
        signal: interrupt.signal,
        out: (line) => {
          lines.push(line);
          if (line.includes('followed')) interrupt.abort();
        },
      });
      await register('followed');
      expect((await following).code).toBe(0);
      expect(lines).toHaveLength(2);
    });

    it('why tells what the server knows, or that it knows nothing', async () => {
      const told = await modelog(['why', 'AAAAAAABAAAAAAAA']);
      expect([told.code, told.out]).toEqual([1, []]);
      expect(told.err.join()).toContain('prediction_not_found');
    });

    it('says that nobody answers, with an exit code of its own', async () => {
      for (const command of ['status', 'events', 'why x']) {
        const told = await modelog(['--url', 'http://127.0.0.1:9', ...command.split(' ')]);
        expect([command, told.code, told.out]).toEqual([command, 2, []]);
        expect(told.err.join()).toMatch(/^Nobody answers at http:\/\/127\.0\.0\.1:9: .*npm start/);
      }
      const nowhere = mkdtempSync(join(tmpdir(), 'modelog-cli-'));
      const unknown = await modelog(['verify'], { env: { MODELOG_DATA_DIR: nowhere } });
      expect([unknown.code, unknown.err.join()]).toEqual([2, expect.stringContaining('No servers are known')]);
      const gone = { ...world().env, NATS_URL: 'nats://127.0.0.1:9' };
      const unreachable = await modelog(['verify'], { env: gone });
      expect([unreachable.code, unreachable.err.join()]).toEqual([2, expect.stringContaining('NATS does not answer')]);
    });

    it('helps', async () => {
      const help = await modelog(['--help']);
      expect(help.code).toBe(0);
      for (const command of ['status', 'events', 'why', 'verify', 'rebuild'])
        expect(help.out.join()).toContain(command);
      expect((await modelog(['nonsense'])).code).toBe(1);
      expect((await modelog(['events', '--from', 'x'])).code).toBe(1);
    });

    it('verify finds everything intact, from the data folder of a running platform', async () => {
      await world().get(`/api/models?limit=1&min_seq=${await world().head()}`);
      const folder = mkdtempSync(join(tmpdir(), 'modelog-cli-'));
      mkdirSync(join(folder, 'run'));
      const addresses = {
        nats_url: world().env.NATS_URL,
        database_url: world().env.DATABASE_URL,
        public_url: 'http://x',
      };
      writeFileSync(join(folder, 'run/connection.json'), JSON.stringify(addresses));
      const told = await modelog(['verify'], { env: { MODELOG_DATA_DIR: folder } });
      expect({ code: told.code, err: told.err }).toEqual({ code: 0, err: [] });
      expect(told.out.at(-1)).toBe('Everything holds');
      expect(told.out.filter((line) => line.includes('equals a rebuild'))).toHaveLength(7);
    });

    it('verify lists what is broken; rebuild mends a read model', async () => {
      await inDatabase(`update registry.versions set stage = 'production' where model = 'told 1'`);
      await world().traffic.publish({ subject: 'pred.broken', headers: {}, data: new Uint8Array(3) });
      await world().windows.publish({ subject: 'window.broken', headers: {}, data: new Uint8Array(3) });
      const told = await modelog(['--json', 'verify']);
      expect(told.code).toBe(1);
      const { ok, problems } = JSON.parse(told.out[0]!) as { ok: boolean; problems: object[] };
      expect(ok).toBe(false);
      expect(problems).toEqual([
        expect.objectContaining({ where: 'TRAFFIC', code: 'unknown_message' }),
        expect.objectContaining({ where: 'WINDOWS', code: 'undecodable_record' }),
        expect.objectContaining({ where: 'read model', at: 'registry', code: 'differs' }),
      ]);
      expect(JSON.stringify(problems[2])).toMatch(/versions \(\d+ rows/);

      const rebuilt = await modelog(['rebuild', 'registry']);
      expect([rebuilt.code, rebuilt.err]).toEqual([0, []]);
      expect(rebuilt.out.join('\n')).toContain('they differ: the rebuilt one is live now');
      const again = await modelog(['--json', 'rebuild']);
      expect(again.out.map((line) => (JSON.parse(line) as { identical: boolean }).identical)).toEqual(
        new Array<boolean>(7).fill(true),
      );
      expect((await modelog(['rebuild', 'nothing'])).code).toBe(1);

      await inDatabase('alter table deployments.rollouts drop column model');
      expect(JSON.parse((await modelog(['--json', 'verify'])).out[0]!)).toMatchObject({
        problems: [{ where: 'TRAFFIC' }, { where: 'WINDOWS' }, { at: 'deployments', code: 'not_as_declared' }],
      });
    });
  });
}
