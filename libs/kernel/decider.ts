import type { Result } from './result.js';

/** Who decides, and the instant of the decision (ISO-8601): what is attempted again is decided at a new instant. */
export interface DecidedBy {
  readonly actor: string;
  readonly at: string;
}

/** Where an event stands and who caused it: what the log says of an event beside its data. */
export interface Origin extends DecidedBy {
  /** Position in the log. */
  readonly seq: number;
}

/**
 * A decision without side effects. Time, ids and configuration come in with the command;
 * the same command on the same state gives the same event or the same rejection.
 */
export interface Decider<Command, State, Event, Rejection> {
  readonly initialState: State;
  /** One decision gives exactly one event, or is refused. */
  decide(command: Command, state: State, by: DecidedBy): Result<Event, Rejection>;
  /** Folds one event. Must not fail on any event that `decide` ever gave. */
  evolve(state: State, event: Event, origin: Origin): State;
}
