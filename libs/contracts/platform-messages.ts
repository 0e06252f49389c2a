/** What the platform and the processes that it starts say to each other over the IPC channel. */
import { z } from 'zod';

/** From a process. What is none of these is passed over. */
export type ToPlatform =
  /** It serves, or does its work. */
  | { readonly type: 'ready' }
  /** It has loaded its code and waits for a `take_over`. */
  | { readonly type: 'standby' }
  /** Its event loop turns. Said every second by a serving process that is ready. */
  | { readonly type: 'heartbeat' }
  /** Replace me: start another one, and stop me once that is ready. */
  | { readonly type: 'recycle'; readonly reason: string }
  /** So many serving processes there should be. */
  | { readonly type: 'serving_processes'; readonly count: number };

/** To a process that stands by: be this one. */
export const takeOver = z.object({ type: z.literal('take_over'), environment: z.record(z.string(), z.string()) });
export type TakeOver = z.infer<typeof takeOver>;

/** To the process that decides how many serving processes there should be: so many there are. */
export const servingProcesses = z.object({ type: z.literal('serving_processes'), count: z.int().nonnegative() });
export type ServingProcesses = z.infer<typeof servingProcesses>;
