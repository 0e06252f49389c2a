/** What can go wrong between a program and its stream, made to happen on purpose. */
export type Fault =
  /** The message is stored; its answer is lost. */
  | { readonly kind: 'lost_ack' }
  /** The message is lost on its way. */
  | { readonly kind: 'lost_message' }
  /** No answer in time; the message arrives after so many further operations, whatever was decided meanwhile. */
  | { readonly kind: 'late_message'; readonly afterOperations: number }
  /** Another message of the subject is in flight: error 10164, which names no sequence. */
  | { readonly kind: 'in_flight' }
  /** The server says no: nothing stored, nothing read. */
  | { readonly kind: 'unavailable' }
  /** A replica that lacks the newest messages answers this read. Reads through the leader are spared. */
  | { readonly kind: 'lagging_replica'; readonly messages: number }
  /** The operation takes so many turns of the event loop, so that others overtake it. */
  | { readonly kind: 'delay'; readonly turns: number };

export type FaultPoint = 'publish' | 'read';

/** Asked once before every operation. */
export interface FaultPlan {
  next(point: FaultPoint): Fault | undefined;
}

/** The given faults, one for each operation of its kind; `undefined` lets one pass. Nothing fails afterwards. */
export function scriptedFaults(script: Partial<Record<FaultPoint, readonly (Fault | undefined)[]>>): FaultPlan {
  const rest = { publish: [...(script.publish ?? [])], read: [...(script.read ?? [])] };
  return { next: (point) => rest[point].shift() };
}

/** Random faults of every kind. `random` is uniform in [0, 1); `rate` is the share of operations that meet one. */
export function randomFaults(random: () => number, rate: number): FaultPlan {
  const upTo = (most: number): number => 1 + Math.floor(random() * most);
  const publishFaults: readonly (() => Fault)[] = [
    () => ({ kind: 'lost_ack' }),
    () => ({ kind: 'lost_message' }),
    () => ({ kind: 'late_message', afterOperations: upTo(6) }),
    () => ({ kind: 'in_flight' }),
    () => ({ kind: 'unavailable' }),
    () => ({ kind: 'delay', turns: upTo(4) }),
  ];
  const readFaults: readonly (() => Fault)[] = [
    () => ({ kind: 'lagging_replica', messages: upTo(5) }),
    () => ({ kind: 'unavailable' }),
    () => ({ kind: 'delay', turns: upTo(4) }),
  ];
  return {
    next(point) {
      if (random() >= rate) return undefined;
      const faults = point === 'publish' ? publishFaults : readFaults;
      return faults[Math.floor(random() * faults.length)]?.();
    },
  };
}
