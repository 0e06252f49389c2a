/** What a process manager is told: as `processInput` of the contracts, its event read by the process itself. */
export type ProcessMessage<Event, Command> =
  | { readonly kind: 'event'; readonly event: Event; readonly seq: number }
  | { readonly kind: 'timer'; readonly name: string; readonly dueAt: string }
  | { readonly kind: 'settlement'; readonly command: Command; readonly outcome: CommandOutcome };

/** What became of a command. `result`: what the caller of the command makes of its event. */
export type CommandOutcome =
  | { readonly status: 'accepted'; readonly seq: number; readonly result: Readonly<Record<string, unknown>> }
  | { readonly status: 'rejected'; readonly code: string; readonly detail: string };

/** What a process does about it, all of it one event. */
export interface Reaction<Command> {
  readonly commands?: readonly Command[];
  /** Name → instant to set (again), or null to take back. */
  readonly timers?: Readonly<Record<string, string | null>>;
  /** How it ended: open timers are gone with it, commands that are issued are still settled. */
  readonly ended?: string;
}

/**
 * A process manager without side effects: told of events, timers and what became of its commands, it issues commands. Its
 * state is the fold of the messages that it was told.
 */
export interface Process<Event, State, Command> {
  readonly name: string;
  readonly initialState: State;
  /** The process an event concerns; null: none. */
  idOf(event: Event): string | null;
  /** null: nothing is to be done or remembered, and no event is written. `at`: the instant of the decision; `id`: the process'. */
  react(message: ProcessMessage<Event, Command>, state: State, at: string, id: string): Reaction<Command> | null;
  /** Folds a message that was reacted to, as of the event's time. */
  evolve(state: State, message: ProcessMessage<Event, Command>): State;
}
