import { Worker } from 'node:worker_threads';
import type { Table } from '#libs/contracts/index.js';
import { accept, messageOf, ModelogError, reject, type Result } from '#libs/kernel/index.js';
import { isOutOfMemory, outOfMemory } from './out-of-memory.js';
import type { AnswerOf, ComputeRefusal, ComputeTask, ThreadReply, ThreadRequest } from './protocol.js';
import { tableGiven, tableOf, withTable } from './task-table.js';

export interface ComputeOptions {
  /** The compiled compute thread. */
  readonly program: string;
  readonly threads: number;
  /** Of each thread's heap, in which typed arrays are not (default: Node's). */
  readonly heapMb?: number;
}

/** Told while a task runs. @param share of it, 0 to 1 */
export type OnProgress = (share: number, message: string | null) => void;

interface Waiting {
  readonly task: ComputeTask;
  readonly onProgress: OnProgress;
  readonly resolve: (result: Result<never, ComputeRefusal> | Result<unknown, ComputeRefusal>) => void;
  readonly reject: (error: unknown) => void;
}

/** Does what takes long in threads of its own, so that the worker stays to be heard of. Tasks begin in order. */
export class ComputePool {
  readonly #options: ComputeOptions;
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Waiting>();
  /** The last one that each thread was given. */
  readonly #tables = new WeakMap<Worker, Table>();
  readonly #queue: Waiting[] = [];
  #closed = false;
  #tasks = 0;

  constructor(options: ComputeOptions) {
    this.#options = options;
  }

  /**
   * A task that takes more memory than a thread has is refused (`out_of_memory`).
   * @throws ModelogError `compute_failed` when the thread fails for a reason of its own, `compute_closed` when the pool is
   * closed meanwhile.
   */
  async run<Task extends ComputeTask>(
    task: Task,
    onProgress: OnProgress = () => undefined,
  ): Promise<Result<AnswerOf<Task>, ComputeRefusal>> {
    const answer = await new Promise((resolve, rejected) => {
      this.#queue.push({ task, onProgress, resolve, reject: rejected });
      this.#next();
    });
    return answer as Result<AnswerOf<Task>, ComputeRefusal>;
  }

  /** Ends every thread, whatever it does. */
  async close(): Promise<void> {
    this.#closed = true;
    const threads = [...this.#idle, ...this.#busy.keys()];
    const waiting = [...this.#queue.splice(0), ...this.#busy.values()];
    this.#busy.clear();
    for (const { reject: give } of waiting) give(new ModelogError('compute_closed', 'the job is over'));
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  #next(): void {
    if (this.#closed) {
      for (const { reject: give } of this.#queue.splice(0)) give(new ModelogError('compute_closed', 'the job is over'));
      return;
    }
    const room = this.#idle.length > 0 || this.#busy.size < this.#options.threads;
    const waiting = room ? this.#queue.shift() : undefined;
    if (waiting === undefined) return;
    const thread = this.#idle.pop() ?? this.#start();
    this.#busy.set(thread, waiting);
    try {
      this.#send(thread, waiting.task);
    } catch (error) {
      void thread.terminate();
      this.#onDeath(thread, error);
    }
  }

  #send(thread: Worker, task: ComputeTask): void {
    const table = tableOf(task);
    const given = table === null || this.#tables.get(thread) === table;
    const request: ThreadRequest = {
      id: ++this.#tasks,
      task: withTable(task, tableGiven),
      table: given ? null : table,
    };
    thread.postMessage(request);
    if (table !== null) this.#tables.set(thread, table);
  }

  #start(): Worker {
    const { program, heapMb } = this.#options;
    const limits = heapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: heapMb } };
    const thread = new Worker(program, { execArgv: [], env: {}, ...limits });
    thread.on('message', (reply: ThreadReply) => {
      this.#onReply(thread, reply);
    });
    thread.on('error', (error) => {
      this.#onDeath(thread, error);
    });
    thread.on('messageerror', (error) => {
      void thread.terminate();
      this.#onDeath(thread, error);
    });
    thread.on('exit', (code) => {
      this.#onDeath(thread, new Error(`it ended with ${code}`));
    });
    return thread;
  }

  #onReply(thread: Worker, reply: ThreadReply): void {
    const waiting = this.#busy.get(thread);
    if (waiting === undefined) return;
    if (reply.kind === 'progress') {
      waiting.onProgress(reply.share, reply.message);
      return;
    }
    this.#busy.delete(thread);
    this.#idle.push(thread);
    if (reply.kind === 'done') waiting.resolve(accept(reply.answer));
    else if (reply.kind === 'refused') waiting.resolve(reject(reply.refusal));
    else waiting.reject(new ModelogError('compute_failed', reply.message));
    this.#next();
  }

  #onDeath(thread: Worker, cause: unknown): void {
    const at = this.#idle.indexOf(thread);
    if (at >= 0) this.#idle.splice(at, 1);
    const waiting = this.#busy.get(thread);
    this.#busy.delete(thread);
    if (isOutOfMemory(cause)) waiting?.resolve(reject(outOfMemory(messageOf(cause))));
    else waiting?.reject(new ModelogError('compute_failed', `a compute thread died: ${messageOf(cause)}`, { cause }));
    if (!this.#closed) this.#next();
  }
}
