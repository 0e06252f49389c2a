import { fork, type ChildProcess } from 'node:child_process';
import { LRUCache } from 'lru-cache';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import { rejection, type Rejection, type Signature } from '#libs/contracts/index.js';
import { accept, canonicalJson, type Result } from '#libs/kernel/index.js';
import { ProblemException } from '#libs/nest/index.js';
import { orArtifactProblem } from '../artifacts/artifact-problem.js';
import type { TrialRequest } from './protocol.js';
import { runTrial } from './run-trial.js';
import { TrialQueue } from './trial-queue.js';

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

const defaultTimeoutMs = 60_000;
/** For the bytes to reach the process: then it ends itself. The artifact store has shorter limits of its own. */
const transferMs = 600_000;
const rememberedModels = 1_000;

/** Tries models one at a time, each in a process of its own. What ran once is remembered by its digest. */
export class ModelTrial {
  readonly #options: ModelTrialOptions;
  readonly #queue = new TrialQueue();
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
    return this.#queue.run(async () => {
      const meanwhile = this.#passed.get(key);
      if (meanwhile !== undefined) return accept(meanwhile);
      const outcome = this.#stopped ? undefined : await this.#try(subject);
      // A process that was ended on the way out says nothing of its model.
      if (outcome === undefined || this.#isEndedByStop(outcome)) throw stopping();
      if (outcome.ok) this.#passed.set(key, outcome.value);
      return outcome;
    });
  }

  /** Ends a trial that is under way, and gives up those that wait. */
  stop(): void {
    this.#stopped = true;
    for (const child of this.#running) child.kill('SIGKILL');
  }

  #isEndedByStop(outcome: Result<Signature, Rejection>): boolean {
    return this.#stopped && !outcome.ok;
  }

  #try({ digest, featureNames, nullable }: TrialSubject): Promise<Result<Signature, Rejection>> {
    const { artifacts, program, timeoutMs = defaultTimeoutMs } = this.#options;
    return orArtifactProblem('artifact', async () => {
      const { size, stream } = await artifacts.open(digest);
      // Nothing of this process's environment is the model's business, credentials least of all.
      const child = fork(program, [], { execArgv: [], env: {}, stdio: ['pipe', 'ignore', 'pipe', 'ipc'] });
      this.#running.add(child);
      const request: TrialRequest = {
        size,
        deadlineMs: transferMs + timeoutMs,
        ...(featureNames === undefined ? {} : { featureNames: [...featureNames] }),
        ...(nullable === undefined ? {} : { nullable: [...nullable] }),
      };
      try {
        return await runTrial(child, stream, { request, timeoutMs });
      } finally {
        stream.destroy();
        child.kill('SIGKILL');
        this.#running.delete(child);
      }
    });
  }
}

const stopping = (): ProblemException =>
  new ProblemException(rejection('unavailable', 'the server stops: register the model again when it is back'));
