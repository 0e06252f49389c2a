import { z } from 'zod';

/** A row of TRAFFIC: sequence of its chunk, and row in it from 0. */
export const trafficPosition = z.object({ seq: z.int().positive(), row: z.int().nonnegative() });
export type TrafficPosition = z.infer<typeof trafficPosition>;
