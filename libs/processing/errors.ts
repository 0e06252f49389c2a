import { ModelogError } from '#libs/kernel/index.js';

/** A step of the log that this build cannot read: its event is unknown to the process, or nothing was asked for. */
export class StepUnreadable extends ModelogError {
  constructor(process: string, detail: string) {
    super('step_unreadable', `process ${process}: ${detail}`);
  }
}

/** An executor did not answer in time. What it was asked for may be done: it is asked again under the same id. */
export class ExecutionTimedOut extends ModelogError {
  constructor(type: string, withinMs: number) {
    super('execution_timed_out', `${type}: no outcome within ${withinMs} ms`);
  }
}
