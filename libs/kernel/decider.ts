import type { Result } from './result.js';

/**
 * A decision without side effects. Time, ids and configuration come in with the command;
 * the same command on the same state gives the same event or the same rejection.
 */
export interface Decider<Command, State, Event, Rejection> {
  readonly initialState: State;
  /** One decision gives exactly one event, or is refused. */
  decide(command: Command, state: State): Result<Event, Rejection>;
  /** Folds one event. Must not fail on any event that `decide` ever gave. */
  evolve(state: State, event: Event): State;
}
