import { z } from 'zod';
import type { ToPlatform } from '#libs/contracts/index.js';

/** As libs/contracts has it, whose types hold the two together; all of its schemas would take this process 20 MB. */
const toPlatform: z.ZodType<ToPlatform> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('standby') }),
  z.object({ type: z.literal('heartbeat') }),
  z.object({ type: z.literal('recycle'), reason: z.string() }),
  z.object({ type: z.literal('serving_processes'), count: z.int().min(1).max(256) }),
]);

/** What a process said over its IPC channel; undefined for what is no message to the platform. */
export const heardFrom = (message: unknown): ToPlatform | undefined => toPlatform.safeParse(message).data;
