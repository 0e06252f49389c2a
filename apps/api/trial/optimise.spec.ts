import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootFolder } from '#apps/platform/root-folder.js';
import { ArtifactNotFound, openArtifactStore, type ArtifactStore } from '#libs/artifacts/index.js';
import { derivation as derivationSchema, rejection, type Signature } from '#libs/contracts/index.js';
import { sha256Hex, systemClock } from '#libs/kernel/index.js';
import { connectNats, createLogger, type NatsConnection } from '#libs/nest/index.js';
import { attribute, modelBytes, node, quantiseDynamic, readSignature, tensor, valueInfo } from '#libs/onnx/index.js';
import { startNats, type NatsHandle } from '#tests/support/nats.js';
import { ModelTrial, type OptimiseRequest } from './model-trial.js';

/** The trial process runs outside Jest: as compiled by the build that comes before the tests. */
const program = join(rootFolder, 'dist/apps/api/trial/trial-process.js');

let nats: NatsHandle;
let connection: NatsConnection;
let artifacts: ArtifactStore;
let trial: ModelTrial;

beforeAll(async () => {
  nats = await startNats();
  const logger = createLogger({ component: 'test', instance: 'test', level: 'silent' });
  connection = await connectNats({ url: nats.url, name: 'test', logger });
  artifacts = await openArtifactStore({ connection, replicas: 1, clock: systemClock });
  trial = new ModelTrial({ artifacts, program });
});
afterAll(async () => {
  trial.stop();
  await connection.close();
  await nats.stop();
});

const fixture = (name: string) => {
  const path = (file: string) => new URL(`../../../tests/fixtures/models/${name}/${file}`, import.meta.url);
  const cases = JSON.parse(readFileSync(path('cases.json'), 'utf8')) as {
    readonly feature_names: string[];
    readonly nullable?: string[];
    readonly rows: Record<string, unknown>[];
  };
  return { bytes: readFileSync(path('model.onnx')), cases };
};

/** A classifier of 16 columns by way of three layers of `width`. */
function network(width: number): Uint8Array {
  const weight = (name: string, rows: number, columns: number) =>
    tensor.float32(
      name,
      [rows, columns],
      Array.from({ length: rows * columns }, (_, at) => Math.sin(at * at) / Math.sqrt(rows)),
    );
  return modelBytes({
    inputs: [valueInfo('x', 'float32', [null, 16])],
    outputs: [valueInfo('label', 'int64', [null]), valueInfo('probabilities', 'float32', [null, 3])],
    initializers: [weight('a', 16, width), weight('b', width, width), weight('c', width, width), weight('d', width, 3)],
    nodes: [
      node('MatMul', ['x', 'a'], ['xa']),
      node('Relu', ['xa'], ['ra']),
      node('MatMul', ['ra', 'b'], ['xb']),
      node('Tanh', ['xb'], ['rb']),
      node('MatMul', ['rb', 'c'], ['xc']),
      node('MatMul', ['xc', 'd'], ['scores']),
      node('Softmax', ['scores'], ['probabilities']),
      node('ArgMax', ['probabilities'], ['label'], [attribute.integer('axis', 1), attribute.integer('keepdims', 0)]),
    ],
  });
}

/** The parent as it would have been registered. */
async function parentOf(bytes: Uint8Array, names: { featureNames?: string[]; nullable?: string[] } = {}) {
  const { digest: artifact } = await artifacts.put(
    (async function* () {
      yield await Promise.resolve(bytes);
    })(),
  );
  const tried = await trial.run({ digest: artifact, ...names });
  if (!tried.ok) throw new Error(tried.rejection.detail);
  return { model: 'm', version: '1.0.0', artifact, signature: tried.value };
}

async function optimised(request: OptimiseRequest) {
  const result = await trial.optimise(request);
  if (!result.ok) throw new Error(result.rejection.detail);
  return result.value;
}

describe('ModelTrial.optimise', () => {
  it('quantises, stores the result and records what that did, the same for the same seed', async () => {
    // Larger than a pipe holds at once.
    const bytes = network(400);
    const featureNames = Array.from({ length: 16 }, (_, at) => `column ${at}`);
    const parent = await parentOf(bytes, { featureNames, nullable: ['column 3'] });
    const request: OptimiseRequest = { parent, method: 'dynamic_int8', sample: { seed: 7 } };
    const one = await optimised(request);
    expect(one.derivation).toEqual({
      method: 'dynamic_int8',
      parent: { model: 'm', version: '1.0.0', artifact: parent.artifact },
      size_before: bytes.length,
      size_after: one.size,
      rewrites: { 'MatMul → MatMulInteger': 4 },
      outputs: {
        rows: 1000,
        inputs: { seed: 7 },
        max_abs_difference: expect.any(Number),
        mean_abs_difference: expect.any(Number),
        label_agreement: expect.any(Number),
      },
    });
    expect(derivationSchema.safeParse(one.derivation).success).toBe(true);
    const { max_abs_difference: most, label_agreement: agreement } = one.derivation.outputs;
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(0.05);
    expect(agreement).toBeGreaterThan(0.9);
    expect(one.size * 3.5).toBeLessThan(bytes.length);
    expect(one.signature).toEqual(parent.signature);
    const stored = await artifacts.read(one.artifact, { maxBytes: bytes.length });
    expect(`sha256:${sha256Hex(stored)}`).toBe(one.artifact);
    expect(readSignature(stored, { featureNames, nullable: ['column 3'] })).toMatchObject({ ok: true });
    expect(await trial.run({ digest: one.artifact, featureNames, nullable: ['column 3'] })).toEqual({
      ok: true,
      value: parent.signature,
    });
    expect(await optimised(request)).toEqual(one);
    const other = await optimised({ ...request, sample: { seed: 8 } });
    expect(other.artifact).toBe(one.artifact);
    expect(other.derivation.outputs.mean_abs_difference).not.toBe(one.derivation.outputs.mean_abs_difference);
  });

  it('measures on rows of the caller', async () => {
    const { bytes, cases } = fixture('mixed-pipeline');
    const parent = await parentOf(bytes, { featureNames: cases.feature_names });
    const artifact = `sha256:${'c'.repeat(64)}`;
    const { derivation } = await optimised({ parent, method: 'graph', sample: { artifact, rows: cases.rows } });
    expect(derivation).toMatchObject({ method: 'graph', rewrites: { 'Identity removed': 1 } });
    expect(derivation.outputs).toEqual({
      rows: 100,
      inputs: { artifact },
      max_abs_difference: 0,
      mean_abs_difference: 0,
      label_agreement: 1,
    });
  });

  it('draws categories that an encoder accepts', async () => {
    const { bytes, cases } = fixture('mixed-pipeline');
    const parent = await parentOf(bytes, { featureNames: cases.feature_names });
    const { derivation } = await optimised({ parent, method: 'graph', sample: { seed: 0 } });
    expect(derivation.outputs).toMatchObject({ rows: 1000, max_abs_difference: 0, label_agreement: 1 });
  });

  it('has nothing to quantise in trees', async () => {
    const { bytes, cases } = fixture('forest-plain');
    const parent = await parentOf(bytes, { featureNames: cases.feature_names });
    expect(await trial.optimise({ parent, method: 'dynamic_int8', sample: { seed: 1 } })).toMatchObject({
      ok: false,
      rejection: { code: 'nothing_to_optimise', detail: expect.stringContaining('MatMul or Gemm') },
    });
  });

  it('stores nothing that the judge refuses', async () => {
    const bytes = network(72);
    const parent = await parentOf(bytes);
    let measured: number | null = null;
    const refused = await trial.optimise({
      ...{ parent, method: 'dynamic_int8', sample: { seed: 1 } },
      judge: ({ outputs }) => {
        measured = outputs.max_abs_difference;
        return rejection('invalid_request', 'differs by too much');
      },
    });
    expect(refused).toEqual({ ok: false, rejection: { code: 'invalid_request', detail: 'differs by too much' } });
    expect(measured).toBeGreaterThan(0);
    const small = quantiseDynamic(bytes);
    if (!small.ok) throw new Error(small.rejection.detail);
    await expect(artifacts.stat(`sha256:${sha256Hex(small.value.bytes)}`)).rejects.toThrow(ArtifactNotFound);
  });

  it('names the row of the sample that the model does not take', async () => {
    const parent = await parentOf(network(64));
    const rows = [{ f0: 1 }];
    const artifact = `sha256:${'d'.repeat(64)}`;
    expect(await trial.optimise({ parent, method: 'dynamic_int8', sample: { artifact, rows } })).toMatchObject({
      ok: false,
      rejection: { code: 'invalid_request', errors: [{ path: 'sample', message: expect.stringMatching(/row 0.*f1/) }] },
    });
    expect(await trial.optimise({ parent, method: 'graph', sample: { artifact, rows: [] } })).toMatchObject({
      ok: false,
      rejection: { code: 'invalid_request', detail: 'the sample has 0 rows; expected 1 to 10000' },
    });
  });

  it('refuses a parent that no longer reads as it was registered', async () => {
    const parent = await parentOf(network(64));
    const signature: Signature = { ...parent.signature, classes: [1, 2, 3] };
    const request: OptimiseRequest = {
      ...{ parent: { ...parent, signature }, method: 'dynamic_int8', sample: { seed: 1 } },
    };
    expect(await trial.optimise(request)).toMatchObject({ ok: false, rejection: { code: 'signature_mismatch' } });
  });

  it('tells of an artifact that is not there', async () => {
    const parent = { ...(await parentOf(network(64))), artifact: `sha256:${'e'.repeat(64)}` };
    await expect(trial.optimise({ parent, method: 'graph', sample: { seed: 1 } })).rejects.toMatchObject({
      rejection: { code: 'artifact_not_found' },
    });
  });

  describe('with a process that fails', () => {
    const folder = mkdtempSync(join(tmpdir(), 'modelog-optimise-'));
    afterAll(() => {
      rmSync(folder, { recursive: true });
    });

    /** A trial process that takes its bytes and then does as `after` says. */
    function failing(name: string, after: string): string {
      const path = join(folder, `${name}.mjs`);
      const text = `
        import { Socket } from 'node:net';
        process.once('message', async () => {
          for await (const piece of process.stdin) piece.length;
          process.send({ status: 'received' }, async () => { ${after} });
        });`;
      writeFileSync(path, text);
      return path;
    }

    const request = async (): Promise<OptimiseRequest> => ({
      ...{ parent: await parentOf(network(64)), method: 'graph', sample: { seed: 1 } },
    });

    it('blames itself for bytes that do not arrive whole, and stores none of them', async () => {
      const asked = await request();
      const digest = `sha256:${sha256Hex('whole')}`;
      const outputs = { rows: 1, max_abs_difference: 0, mean_abs_difference: 0, label_agreement: 1 };
      const finding = { status: 'optimised', signature: asked.parent.signature, digest, rewrites: {}, outputs };
      const reply = JSON.stringify({ ...finding, size_before: 9, size_after: 5 });
      const torn = failing(
        'torn',
        `process.send(${reply}, () => new Socket({ fd: 4 }).end('who', () => process.exit(0)));`,
      );
      await expect(new ModelTrial({ artifacts, program: torn }).optimise(asked)).rejects.toThrow(
        /did not arrive whole/,
      );
      await expect(artifacts.stat(digest)).rejects.toThrow(ArtifactNotFound);
    });

    it('ends one that never comes back, and survives one that crashes', async () => {
      const asked = await request();
      const endless = new ModelTrial({ artifacts, program: failing('endless', 'for (;;);'), timeoutMs: 20 });
      expect(await endless.optimise(asked)).toMatchObject({ ok: false, rejection: { code: 'model_cannot_run' } });
      const killed = failing('killed', "process.kill(process.pid, 'SIGSEGV');");
      expect(await new ModelTrial({ artifacts, program: killed }).optimise(asked)).toMatchObject({
        ok: false,
        rejection: { code: 'model_cannot_load', detail: expect.stringContaining('SIGSEGV') },
      });
    });
  });
});
