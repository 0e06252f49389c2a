import { z } from 'zod';
import { defineEvent, type EventOf } from './define.js';

const data = z.record(z.string(), z.unknown());
const instant = z.iso.datetime();

/** What a process was told of: an event of the log, the end of a timer, or what became of a command of its own. */
export const processInput = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('event'),
    seq: z.int().positive(),
    event_id: z.uuid(),
    type: z.string(),
    /** Of the event's schema, in which `data` is: a later build upcasts it as it would the event. */
    version: z.int().positive(),
    data,
  }),
  z.object({ kind: z.literal('timer'), name: z.string(), due_at: instant }),
  z.object({
    kind: z.literal('settlement'),
    command_id: z.uuid(),
    /** Of the command. */
    type: z.string(),
    outcome: z.discriminatedUnion('status', [
      z.object({ status: z.literal('accepted'), seq: z.int().positive(), result: data }),
      z.object({ status: z.literal('rejected'), code: z.string(), detail: z.string() }),
    ]),
  }),
]);
export type ProcessInput = z.infer<typeof processInput>;

export const issuedCommand = z.object({ id: z.uuid(), type: z.string().min(1), data });
export type IssuedCommand = z.infer<typeof issuedCommand>;

/** One step of a process manager: what it was told, and everything that it does about it. */
export const ProcessStepTaken = defineEvent(
  'ProcessStepTaken',
  z.object({
    process: z.string().min(1).max(64),
    id: z.string().min(1).max(128),
    input: processInput,
    /** Whatever the log held for the process up to here, it was told before or by this step: told again, it is a repeat. */
    seen_seq: z.int().nonnegative(),
    commands: z.array(issuedCommand).max(100),
    /** Set (again) or, with null, taken back. */
    timers: z.record(z.string(), instant.nullable()),
    /** How it ended; null while it goes on. */
    ended: z.string().max(2000).nullable(),
  }),
);

export const processEvents = [ProcessStepTaken] as const;
export type ProcessEvent = EventOf<(typeof processEvents)[number]>;
