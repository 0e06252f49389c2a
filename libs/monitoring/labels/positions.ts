import type { TrafficPosition } from '#libs/contracts/index.js';

export const isAfter = (one: TrafficPosition, other: TrafficPosition): boolean =>
  one.seq > other.seq || (one.seq === other.seq && one.row > other.row);
