/** Runs in the trial process: the only place where both graphs are loaded. */
import type { OptimisationMethod, Signature } from '#libs/contracts/index.js';
import { compareOutputs, loadModel, sampleRows, seededRandom, type ComparisonRefusal } from '#libs/inference/index.js';
import { assertNever, sha256Hex } from '#libs/kernel/index.js';
import {
  categoryLists,
  quantiseDynamic,
  readSignature,
  rewriteGraph,
  type OptimisedGraph,
  type SignatureOptions,
} from '#libs/onnx/index.js';
import type { TrialReply, TrialRequest } from './protocol.js';
import { unfit, unreadable, type TrialRefusal } from './refusals.js';

export type OptimisedReply = Extract<TrialReply, { status: 'optimised' }>;

type Task = NonNullable<TrialRequest['optimise']>;
type Sample = Task['sample'];

/** Rewrites the graph, runs both on the same rows, and says what changed; the rewritten bytes come beside it. */
export async function optimiseModel(
  model: Uint8Array,
  { method, sample }: Task,
  options: SignatureOptions,
): Promise<TrialRefusal | { readonly reply: OptimisedReply; readonly bytes: Uint8Array }> {
  const rewritten = rewriterOf(method)(model, options);
  if (!rewritten.ok) return unreadable(rewritten.rejection);
  const { bytes, rewrites }: OptimisedGraph = rewritten.value;
  const [before, after] = [await load(model, options), await load(bytes, options)];
  if ('status' in before) return before;
  if ('status' in after) return after;
  const compared = await compareOutputs(before, after, rowsOf(sample, before.signature, model));
  if (!compared.ok) return incomparable(compared.rejection, sample);
  const reply: OptimisedReply = {
    ...{ status: 'optimised', signature: after.signature, digest: `sha256:${sha256Hex(bytes)}` },
    ...{ size_before: model.length, size_after: bytes.length, rewrites, outputs: compared.value },
  };
  return { reply, bytes };
}

function rewriterOf(method: OptimisationMethod): typeof rewriteGraph {
  switch (method) {
    case 'graph':
      return rewriteGraph;
    case 'dynamic_int8':
      return quantiseDynamic;
    default:
      return assertNever(method, 'optimisation method');
  }
}

async function load(model: Uint8Array, options: SignatureOptions) {
  const read = readSignature(model, options);
  if (!read.ok) return unreadable(read.rejection);
  const loaded = await loadModel(model, read.value);
  return loaded.ok ? loaded.value : unfit(loaded.rejection);
}

const mostSampled = { rows: 1_000, values: 2_000_000 };
const fewestSampled = 10;

/** Fewer rows where one is as large as an image. */
function rowsOf(sample: Sample, signature: Signature, model: Uint8Array): Iterable<unknown> {
  if ('rows' in sample) return sample.rows;
  const width = signature.features.reduce(
    (sum, { shape = [] }) => sum + shape.reduce((size, each) => size * each, 1),
    0,
  );
  const rows = Math.max(fewestSampled, Math.min(mostSampled.rows, Math.floor(mostSampled.values / width)));
  return sampleRows(signature, { rows, random: seededRandom(sample.seed), categories: categoryLists(model) });
}

function incomparable({ code, message, row }: ComparisonRefusal, sample: Sample): TrialRefusal {
  switch (code) {
    case 'row_refused': {
      const detail = `row ${row} of the sample: ${message}`;
      return { status: 'refused', code: 'invalid_request', detail, errors: [{ path: 'sample', message: detail }] };
    }
    case 'model_failed': {
      const advice = 'rows' in sample ? '' : '; give rows of your own as the sample';
      const detail = `the graphs cannot be compared on the sample, from row ${row} on: ${message}${advice}`;
      return { status: 'refused', code: 'model_cannot_run', detail };
    }
    default:
      return assertNever(code, 'refusal of a comparison');
  }
}
