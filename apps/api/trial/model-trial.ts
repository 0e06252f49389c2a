import { fork, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { LRUCache } from 'lru-cache';
import { DigestMismatch, type ArtifactStore } from '#libs/artifacts/index.js';
import {
  rejection,
  type Derivation,
  type OptimisationMethod,
  type Rejection,
  type Signature,
} from '#libs/contracts/index.js';
import { accept, canonicalJson, ModelogError, reject, type Result } from '#libs/kernel/index.js';
import { ProblemException } from '#libs/nest/index.js';
import { orArtifactProblem } from '../artifacts/artifact-problem.js';
import { optimisedBytes, type TrialRequest } from './protocol.js';
import { runTrial, type Finding, type TrialOptions } from './run-trial.js';
import { Turns } from '../turns.js';

export interface ModelTrialOptions {
  readonly artifacts: ArtifactStore;
  /** The compiled trial-process. */
  readonly program: string;
  /** Milliseconds that reading, loading and running one model may take, once its bytes are there (default 60,000). */
  readonly timeoutMs?: number;
}

export interface TrialSubject {
  readonly digest: string;
  readonly featureNames?: readonly string[] | undefined;
  readonly nullable?: readonly string[] | undefined;
}

export interface OptimiseRequest {
  readonly parent: {
    readonly model: string;
    readonly version: string;
    readonly artifact: string;
    /** As the version was registered: its features' names and what may be missing are the derived version's. */
    readonly signature: Signature;
  };
  readonly method: OptimisationMethod;
  /** Rows to measure on: read from an artifact and typed as a predict request's `input`, or drawn from the signature. */
  readonly sample:
    | { readonly seed: number }
    | { readonly artifact: string; readonly rows: readonly Readonly<Record<string, unknown>>[] };
  /** Sees what was measured before anything is stored; what it gives refuses the result. */
  readonly judge?: (derivation: Derivation) => Rejection | null;
}

/** A rewritten graph that is stored as an artifact, runs, and has the signature of its parent. */
export interface Optimised {
  readonly artifact: string;
  /** Bytes. */
  readonly size: number;
  readonly signature: Signature;
  /** As VersionRegistered records it. */
  readonly derivation: Derivation;
}

const defaultTimeoutMs = 60_000;
/** For the bytes to reach the process: then it ends itself. The artifact store has shorter limits of its own. */
const transferMs = 600_000;
const rememberedModels = 1_000;
/** They travel as one message. */
const mostSampleRows = 10_000;

/** Tries models one at a time, each in a process of its own. What ran once is remembered by its digest. */
export class ModelTrial {
  readonly #options: ModelTrialOptions;
  readonly #queue = new Turns('models wait for their trial run');
  readonly #passed = new LRUCache<string, Signature>({ max: rememberedModels });
  readonly #running = new Set<ChildProcess>();
  #stopped = false;

  constructor(options: ModelTrialOptions) {
    this.#options = options;
  }

  /**
   * The signature of a model that loads and runs, its outputs' open dimensions filled in.
   * @throws ProblemException when the artifact is unknown or damaged, or too many models wait for their trial.
   */
  async run(subject: TrialSubject): Promise<Result<Signature, Rejection>> {
    const key = canonicalJson(subject);
    const passed = this.#passed.get(key);
    if (passed !== undefined) return accept(passed);
    return this.#inTurn(async () => {
      const meanwhile = this.#passed.get(key);
      if (meanwhile !== undefined) return accept(meanwhile);
      const { digest, ...names } = subject;
      const outcome = await this.#try(digest, namesIn(names));
      if (!outcome.ok) return outcome;
      const { signature } = outcome.value;
      this.#passed.set(key, signature);
      return accept(signature);
    });
  }

  /**
   * Rewrites the parent's graph, runs both graphs on the sample, and stores the result as an artifact. Waits its turn
   * among the trials, and has their limits. Rejections: those of a trial; `nothing_to_optimise`; `invalid_request`
   * (path `sample`) when the sample has no rows, too many, or rows that the model does not take;
   * `signature_mismatch` when the graph no longer reads as the parent was registered; those of `judge`.
   * @throws ProblemException as `run`.
   */
  async optimise(request: OptimiseRequest): Promise<Result<Optimised, Rejection>> {
    const { parent, method, sample } = request;
    if ('rows' in sample && (sample.rows.length === 0 || sample.rows.length > mostSampleRows))
      return reject(sampleSize(sample.rows.length));
    const { features } = parent.signature;
    const names = {
      featureNames: features.map(({ name }) => name),
      nullable: features.filter(({ nullable }) => nullable).map(({ name }) => name),
    };
    const rows = 'rows' in sample ? { rows: sample.rows.map((row) => ({ ...row })) } : { seed: sample.seed };
    return this.#inTurn(async () => {
      const asked = { ...names, optimise: { method, sample: rows } };
      const outcome = await this.#try(parent.artifact, asked, async (finding, child) => {
        const refusal = refusalOf(request, measured(finding));
        if (refusal === null) await this.#store(measured(finding), child);
        return refusal;
      });
      return outcome.ok ? accept(optimised(request, measured(outcome.value))) : outcome;
    });
  }

  /** Ends a trial that is under way, and gives up those that wait. */
  stop(): void {
    this.#stopped = true;
    for (const child of this.#running) child.kill('SIGKILL');
  }

  /** A process that was ended on the way out says nothing of its model. */
  #inTurn<T>(work: () => Promise<Result<T, Rejection>>): Promise<Result<T, Rejection>> {
    return this.#queue.run(async () => {
      const outcome = this.#stopped ? undefined : await work();
      if (outcome === undefined || (this.#stopped && !outcome.ok)) throw stopping();
      return outcome;
    });
  }

  #try(
    digest: string,
    asked: Omit<TrialRequest, 'size' | 'deadlineMs'>,
    take?: (finding: Finding, child: ChildProcess) => Promise<Rejection | null>,
  ): Promise<Result<Finding, Rejection>> {
    const { artifacts, program, timeoutMs = defaultTimeoutMs } = this.#options;
    return orArtifactProblem('artifact', async () => {
      const { size, stream } = await artifacts.open(digest);
      // Nothing of this process's environment is the model's business, credentials least of all.
      const child = fork(program, [], { execArgv: [], env: {}, stdio: ['pipe', 'ignore', 'pipe', 'ipc', 'pipe'] });
      this.#running.add(child);
      const options: TrialOptions = {
        request: { ...asked, size, deadlineMs: transferMs + timeoutMs },
        timeoutMs,
        ...(take === undefined ? {} : { take: (finding) => take(finding, child) }),
      };
      try {
        return await runTrial(child, stream, options);
      } finally {
        stream.destroy();
        child.kill('SIGKILL');
        bytesOf(child).destroy();
        this.#running.delete(child);
      }
    });
  }

  async #store({ digest }: Measured, child: ChildProcess): Promise<void> {
    try {
      await this.#options.artifacts.put(bytesOf(child), { expectedDigest: digest });
    } catch (error) {
      if (!(error instanceof DigestMismatch)) throw error;
      // The digest was ours to tell: no caller announced it.
      throw new ModelogError('trial_failed', `the rewritten graph did not arrive whole: ${error.message}`, {
        cause: error,
      });
    }
  }
}

const bytesOf = (child: ChildProcess): Readable => child.stdio[optimisedBytes] as Readable;

const namesIn = ({ featureNames, nullable }: Omit<TrialSubject, 'digest'>) => ({
  ...(featureNames === undefined ? {} : { featureNames: [...featureNames] }),
  ...(nullable === undefined ? {} : { nullable: [...nullable] }),
});

type Measured = Extract<Finding, { status: 'optimised' }>;

function measured(finding: Finding): Measured {
  if (finding.status === 'optimised') return finding;
  throw new ModelogError('trial_failed', 'the trial process was asked to optimise, and only tried the model');
}

function refusalOf(request: OptimiseRequest, found: Measured): Rejection | null {
  const { parent, judge } = request;
  if (canonicalJson(found.signature) === canonicalJson(parent.signature))
    return judge?.(derivationOf(request, found)) ?? null;
  const name = `${parent.model}@${parent.version}`;
  return rejection('signature_mismatch', `the graph no longer reads as ${name} was registered: register it anew`);
}

const optimised = (request: OptimiseRequest, found: Measured): Optimised => ({
  artifact: found.digest,
  size: found.size_after,
  signature: found.signature,
  derivation: derivationOf(request, found),
});

function derivationOf({ parent, method, sample }: OptimiseRequest, found: Measured): Derivation {
  const { model, version, artifact } = parent;
  const { size_before, size_after, rewrites, outputs } = found;
  const inputs = 'rows' in sample ? { artifact: sample.artifact } : { seed: sample.seed };
  return {
    ...{ method, parent: { model, version, artifact } },
    ...{ size_before, size_after, rewrites, outputs: { ...outputs, inputs } },
  };
}

function sampleSize(rows: number): Rejection {
  const detail = `the sample has ${rows} rows; expected 1 to ${mostSampleRows}`;
  return rejection('invalid_request', detail, [{ path: 'sample', message: detail }]);
}

const stopping = (): ProblemException =>
  new ProblemException(rejection('unavailable', 'the server stops: try again when it is back'));
