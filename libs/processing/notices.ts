import type { CommandOutcome } from '#libs/kernel/index.js';
import type { CommandFailure } from './command-desk.js';
import type { Trouble } from './troubles.js';

/** What an operator wants in the log. */
export type RunnerNotice =
  /** `position`: of its checkpoint. */
  | { readonly kind: 'started'; readonly position: number; readonly lastSeq: number }
  | { readonly kind: 'caught_up'; readonly position: number }
  | { readonly kind: 'interrupted'; readonly reason: string; readonly retryInMs: number }
  /** A record that this build cannot read. */
  | { readonly kind: 'skipped'; readonly seq: number; readonly reason: string }
  | {
      readonly kind: 'settled';
      readonly process: string;
      readonly id: string;
      readonly commandId: string;
      readonly type: string;
      readonly outcome: CommandOutcome;
    }
  | { readonly kind: 'command_failed'; readonly failure: CommandFailure }
  | { readonly kind: 'blocked'; readonly trouble: Trouble }
  | { readonly kind: 'checkpoint_failed'; readonly reason: string };

export interface RunnerStatus {
  readonly state: 'starting' | 'catching_up' | 'running' | 'interrupted' | 'stopped';
  /** Why it is interrupted. */
  readonly reason: string | undefined;
  /** EVENTS sequence up to which the log is read. */
  readonly position: number;
  /** EVENTS sequence up to which the processes were told; those that are blocked are told later. */
  readonly toldThrough: number;
  /** Processes that have not ended, or have commands open. */
  readonly processes: number;
  readonly commands: { readonly open: number; readonly running: number };
  readonly timers: number;
  /** When the next timer is due; null: none is set. */
  readonly nextTimer: string | null;
  /** Commands that failed often. They are tried on. */
  readonly stuck: readonly CommandFailure[];
  /** Processes that cannot take what they are told. They are tried again. */
  readonly blocked: readonly Trouble[];
  /** Records that this build cannot read. */
  readonly skipped: number;
}
