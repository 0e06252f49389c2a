import type { MonitoringEvent } from '#libs/contracts/index.js';
import { conditionsOf, findingKey, isRaised, type MonitorState } from '#libs/domain/index.js';

/** A condition that the fold holds open. Plain, for v8.serialize. */
export interface HeldCondition {
  /** As the log's state names it. */
  readonly key: string;
  /** The output that raised it: TRAFFIC sequence and place among the outputs of that message. */
  readonly origin: string;
  /** What raised it; null where the log has the condition open, too: it need not be told again. */
  readonly finding: MonitoringEvent | null;
}

/** What the fold has raised of one output, and the log has not open. */
export interface Untold {
  readonly origin: string;
  /** With those of its issues alone that are still held. */
  readonly finding: MonitoringEvent;
}

/** Conditions that the log has open and the fold does not. */
export interface Unheld {
  /** In EVENTS: what raised them. */
  readonly seq: number;
  readonly findingIds: ReadonlySet<string>;
}

export interface Differences {
  readonly untold: readonly Untold[];
  readonly unheld: readonly Unheld[];
  /** Held, and known by name alone, as the log had them once; it has them open no more. */
  readonly lost: readonly string[];
}

/** What a deployment's fold holds open, followed finding by finding. */
export class HeldFindings {
  readonly #held: Map<string, HeldCondition>;

  constructor(held: readonly HeldCondition[] = []) {
    this.#held = new Map(held.map((each) => [each.key, each]));
  }

  /** @param state the log's, as it is known behind the finding */
  follow(finding: MonitoringEvent, origin: string, { open }: MonitorState): void {
    if (!isRaised(finding)) {
      this.drop(finding);
      return;
    }
    for (const { condition } of conditionsOf(finding)) {
      const key = findingKey(finding, condition);
      this.#held.set(key, { key, origin, finding: open[key] === undefined ? finding : null });
    }
  }

  /** What the finding is about is held no longer. */
  drop(finding: MonitoringEvent): void {
    for (const { condition } of conditionsOf(finding)) this.#held.delete(findingKey(finding, condition));
  }

  /** Each in an order of its own that is the same for everyone: of the fold's outputs, and of EVENTS. */
  differences({ open }: MonitorState): Differences {
    const untold = new Map<string, MonitoringEvent>();
    const lost: string[] = [];
    for (const { key, origin, finding } of this.#held.values())
      if (open[key] !== undefined) continue;
      else if (finding === null) lost.push(key);
      else untold.set(origin, finding);
    const unheld = new Map<number, Set<string>>();
    for (const [key, { seq, finding_id }] of Object.entries(open))
      if (!this.#held.has(key)) unheld.set(seq, (unheld.get(seq) ?? new Set()).add(finding_id));
    return {
      lost,
      untold: [...untold].map(([origin, finding]) => ({ origin, finding: this.#stillHeld(finding, origin, open) })),
      unheld: [...unheld].toSorted(([one], [other]) => one - other).map(([seq, findingIds]) => ({ seq, findingIds })),
    };
  }

  /** The log has all of it open: from here on what is held is known by name. */
  agreed(): void {
    for (const each of this.#held.values())
      if (each.finding !== null) this.#held.set(each.key, { ...each, finding: null });
  }

  state(): readonly HeldCondition[] {
    return [...this.#held.values()];
  }

  #stillHeld(finding: MonitoringEvent, origin: string, open: MonitorState['open']): MonitoringEvent {
    if (!('issues' in finding.data)) return finding;
    const issues = finding.data.issues.filter(({ condition }) => {
      const key = findingKey(finding, condition);
      return this.#held.get(key)?.origin === origin && open[key] === undefined;
    });
    return { ...finding, data: { ...finding.data, issues } } as MonitoringEvent;
  }
}
