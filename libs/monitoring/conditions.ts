import type { TrafficPosition } from '#libs/contracts/index.js';
import { nameOf, namespaces, uuidv5 } from '#libs/kernel/index.js';

/** A version in a deployment: what is watched by itself. */
export interface WatchedPlace {
  readonly deployment: string;
  readonly model: string;
  readonly version: string;
}

/** The message of TRAFFIC that is applied. */
export interface FoldTime {
  readonly seq: number;
  /** The log's time, milliseconds since the epoch. */
  readonly logTime: number;
}

/** Judgements in a row after which a condition is told, and after which it is over. */
export interface Hysteresis {
  readonly raiseAfter: number;
  readonly clearAfter: number;
}

export interface ConditionChange {
  readonly change: 'raised' | 'cleared';
  readonly condition: string;
  readonly finding_id: string;
}

export interface ConditionsState {
  /** In the order in which they began. */
  readonly known: readonly (readonly [condition: string, known: KnownCondition])[];
}

interface KnownCondition {
  /** Null: it has not been told yet. */
  readonly findingId: string | null;
  /** Judgements in a row that say otherwise than what was told. */
  readonly against: number;
}

/** Which conditions of a version hold: each is told once, and its end once. Kept are those alone that have something against them. */
export class Conditions {
  readonly #known: Map<string, KnownCondition>;
  /** Since `unjudged` was asked last: within one message. */
  readonly #judged = new Set<string>();

  constructor(
    private readonly place: WatchedPlace,
    state: ConditionsState = { known: [] },
  ) {
    this.#known = new Map(state.known);
  }

  /**
   * One more judgement.
   * @param wrong null: not enough evidence, which changes nothing.
   * @param at where it is judged; the id of the finding is made of where it was raised.
   * @returns what is to be told.
   */
  observe(
    condition: string,
    wrong: boolean | null,
    { raiseAfter, clearAfter }: Hysteresis,
    at: TrafficPosition,
  ): ConditionChange | null {
    this.#judged.add(condition);
    if (wrong === null) return null;
    const { findingId, against } = this.#known.get(condition) ?? { findingId: null, against: 0 };
    const told = findingId !== null;
    if (wrong === told) {
      if (told) this.#known.set(condition, { findingId, against: 0 });
      else this.#known.delete(condition);
      return null;
    }
    if (against + 1 < (told ? clearAfter : raiseAfter)) {
      this.#known.set(condition, { findingId, against: against + 1 });
      return null;
    }
    if (told) {
      this.#known.delete(condition);
      return { change: 'cleared', condition, finding_id: findingId };
    }
    const raised = findingIdOf(this.place, condition, at);
    this.#known.set(condition, { findingId: raised, against: 0 });
    return { change: 'raised', condition, finding_id: raised };
  }

  /** One more judgement that could not be made. */
  unknown(condition: string): void {
    this.#judged.add(condition);
  }

  /** It is judged no longer: what was told is over. @returns what is to be told. */
  end(condition: string): ConditionChange | null {
    const findingId = this.#known.get(condition)?.findingId ?? null;
    this.#known.delete(condition);
    return findingId === null ? null : { change: 'cleared', condition, finding_id: findingId };
  }

  /** Those known that were not judged since this was asked last, for want of evidence neither. */
  unjudged(): string[] {
    const unjudged = [...this.#known.keys()].filter((condition) => !this.#judged.has(condition));
    this.#judged.clear();
    return unjudged;
  }

  /** Nothing is known against any. */
  get none(): boolean {
    return this.#known.size === 0;
  }

  isOpen(condition: string): boolean {
    return (this.#known.get(condition)?.findingId ?? null) !== null;
  }

  /** Those that were told and are not over. */
  open(): string[] {
    return [...this.#known].flatMap(([condition, { findingId }]) => (findingId === null ? [] : [condition]));
  }

  state(): ConditionsState {
    return { known: [...this.#known] };
  }
}

/** The same for ever: of the version, the condition and the row where it was raised. */
export const findingIdOf = (
  { deployment, model, version }: WatchedPlace,
  condition: string,
  { seq, row }: TrafficPosition,
): string =>
  uuidv5(namespaces.entity, nameOf('finding', deployment, `${model}@${version}`, condition, `${seq}/${row}`));
