import { ModelogError } from '#libs/kernel/index.js';

/** Why a deployment is no longer watched here. It is taken up again from its checkpoint, unless another process has it. */
export abstract class WatchEnded extends ModelogError {
  constructor(
    code: string,
    readonly deployment: string,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(code, `deployment ${deployment}: ${detail}`, options);
  }
}

/** Another process has taken the deployment over: its checkpoint has another epoch. */
export class WatchFenced extends WatchEnded {
  constructor(deployment: string, epoch: number) {
    super('watch_fenced', deployment, `another process has taken it over; epoch ${epoch} is no longer in force`);
  }
}

/** Another process has appended where this one was to append: of two writers the log lets one have a place. */
export class WatchLost extends WatchEnded {
  constructor(
    deployment: string,
    readonly subject: string,
    expectedSeq: number,
    options?: ErrorOptions,
  ) {
    super('watch_lost', deployment, `another process has appended to ${subject} behind ${expectedSeq}`, options);
  }
}

/** The checkpoint rests on findings that the log does not have open: it is read from its beginning. */
export class FindingsUnlike extends WatchEnded {
  constructor(deployment: string, trafficSeq: number, key: string) {
    super(
      'findings_unlike',
      deployment,
      `at TRAFFIC ${trafficSeq} EVENTS does not say that ${key} holds, as it once did`,
    );
  }
}

/** A message of TRAFFIC names a position that EVENTS does not have. */
export class EventsBehind extends WatchEnded {
  constructor(deployment: string, trafficSeq: number, named: number, lastSeq: number) {
    super(
      'events_behind',
      deployment,
      `TRAFFIC ${trafficSeq} names EVENTS ${named}, whose last sequence is ${lastSeq}`,
    );
  }
}

/** The store did not give a baseline for long: what depends on it waits, all else goes on. */
export class BaselineAway extends WatchEnded {
  constructor(deployment: string, version: string, reason: string, options?: ErrorOptions) {
    super('baseline_away', deployment, `the baseline of ${version} cannot be read now: ${reason}`, options);
  }
}

/** The monitor could not apply a message, or what it found could not be stored: a defect, or a limit of the server. */
export class WatchFailed extends WatchEnded {
  constructor(deployment: string, trafficSeq: number, reason: string, options?: ErrorOptions) {
    super('watch_failed', deployment, `TRAFFIC ${trafficSeq}: ${reason}`, options);
  }
}

/** Another process runs under this one's name: checkpoints would not tell them apart. */
export class NameTaken extends ModelogError {
  constructor(name: string) {
    super('name_taken', `another monitoring process runs as ${name}: expected a MODELOG_INSTANCE of its own for each`);
  }
}
