import { afterAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ArtifactDamaged, type ArtifactStore } from '#libs/artifacts/index.js';
import { ModelTrial } from './model-trial.js';

const folder = mkdtempSync(join(tmpdir(), 'modelog-trial-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A trial process that takes its bytes and then does as `after` says. */
function program(name: string, after: string): string {
  const path = join(folder, `${name}.mjs`);
  const text = `
    process.once('message', async (request) => {
      let size = 0;
      for await (const piece of process.stdin) size += piece.length;
      if (size !== request.size) process.exit(9);
      process.send({ status: 'received' }, async () => { ${after} });
    });`;
  writeFileSync(path, text);
  return path;
}

const signature = {
  inputs: [{ name: 'x', type: 'float32', shape: [null, 1] }],
  outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }],
  features: [{ name: 'x', type: 'float32', nullable: false, input: 'x', index: 0 }],
};
const runs = `process.send(${JSON.stringify({ status: 'runs', signature })}, () => process.exit(0));`;
const digest = `sha256:${'a'.repeat(64)}`;

let opened = 0;
function artifacts(pieces: () => AsyncIterable<Uint8Array> = () => Readable.from([Buffer.alloc(100)])): ArtifactStore {
  const unused = (): never => {
    throw new Error('a trial only opens artifacts');
  };
  return {
    put: unused,
    read: unused,
    stat: unused,
    open: () => {
      opened += 1;
      return Promise.resolve({ digest, size: 100, stream: Readable.from(pieces(), { objectMode: false }) });
    },
  };
}

describe('ModelTrial', () => {
  it('gives the signature of a model that runs, and remembers it', async () => {
    const trial = new ModelTrial({ artifacts: artifacts(), program: program('runs', runs) });
    const before = opened;
    const [first, second] = await Promise.all([trial.run({ digest }), trial.run({ digest })]);
    expect(first).toEqual({ ok: true, value: signature });
    expect(second).toEqual(first);
    expect(opened).toBe(before + 1);
    await trial.run({ digest, nullable: ['x'] });
    expect(opened).toBe(before + 2);
  });

  it('passes on why a model is refused', async () => {
    const refusal = {
      status: 'refused',
      code: 'model_cannot_run',
      detail: 'no',
      errors: [{ path: 'p', message: 'm' }],
    };
    const after = `process.send(${JSON.stringify(refusal)}, () => process.exit(0));`;
    const trial = new ModelTrial({ artifacts: artifacts(), program: program('refuses', after) });
    const { status: _status, ...rejection } = refusal;
    expect(await trial.run({ digest })).toEqual({ ok: false, rejection });
  });

  it('survives a model that crashes its process', async () => {
    const crash = program(
      'crashes',
      "process.kill(process.pid, 'SIGSEGV'); await new Promise(() => setInterval(() => 0, 1000));",
    );
    const trial = new ModelTrial({ artifacts: artifacts(), program: crash });
    expect(await trial.run({ digest })).toMatchObject({
      ok: false,
      rejection: { code: 'model_cannot_load', detail: expect.stringContaining('SIGSEGV') },
    });
  });

  it('ends a model that never comes back', async () => {
    const trial = new ModelTrial({ artifacts: artifacts(), program: program('hangs', 'for (;;);'), timeoutMs: 20 });
    expect(await trial.run({ digest })).toMatchObject({
      ok: false,
      rejection: { code: 'model_cannot_run', detail: expect.stringContaining('0.02 s') },
    });
  });

  it('blames no model for a failure of its own', async () => {
    const fails = program('fails', "process.stderr.write('a defect'); process.exit(3);");
    const trial = new ModelTrial({ artifacts: artifacts(), program: fails });
    await expect(trial.run({ digest })).rejects.toThrow(/trial process ended with 3: a defect/);
    const missing = new ModelTrial({ artifacts: artifacts(), program: join(folder, 'missing.mjs') });
    await expect(missing.run({ digest })).rejects.toThrow(/trial process ended with 1/);
  });

  it('tells that the bytes are damaged when they turn out to be on the way', async () => {
    async function* damaged(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.alloc(50));
      throw new ArtifactDamaged(digest, 'a chunk is missing');
    }
    const trial = new ModelTrial({ artifacts: artifacts(damaged), program: program('waits', runs) });
    await expect(trial.run({ digest })).rejects.toMatchObject({ rejection: { code: 'artifact_damaged' } });
  });

  it('gives up what is under way and what waits when the server stops', async () => {
    const trial = new ModelTrial({ artifacts: artifacts(), program: program('endless', 'for (;;);') });
    const running = [trial.run({ digest }), trial.run({ digest: `sha256:${'b'.repeat(64)}` })];
    const outcomes = Promise.allSettled(running);
    trial.stop();
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { rejection: { code: 'unavailable' } } });
  });

  it('refuses more than it can hold in line', async () => {
    const trial = new ModelTrial({ artifacts: artifacts(), program: program('line', 'for (;;);') });
    const digests = Array.from({ length: 18 }, (_, index) => `sha256:${String(index).padStart(64, '0')}`);
    const outcomes = digests.map((each) => trial.run({ digest: each }));
    await expect(outcomes.at(-1)).rejects.toMatchObject({ rejection: { code: 'overloaded' } });
    trial.stop();
    await Promise.allSettled(outcomes);
  });
});
