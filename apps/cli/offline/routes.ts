import type { GovernanceEvent } from '#libs/contracts/index.js';
import { isUnknown, type LogRecord } from '#libs/event-log/index.js';

/** Which rollout took a deployment's traffic from which event on. */
export class RouteHistory {
  readonly #turns = new Map<string, { readonly seq: number; readonly rolloutId: string | null }[]>();
  #lastSeq = 0;

  /** Of the last record that was folded; 0 before the first. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** Folds the next record of the governance log. */
  add(record: LogRecord<GovernanceEvent>): void {
    this.#lastSeq = record.seq;
    if (isUnknown(record)) return;
    const { event, seq } = record;
    switch (event.type) {
      case 'DeploymentWentLive':
        this.#turn(event.data.deployment, seq, event.data.rollout_id);
        return;
      case 'DeploymentRolledBack':
        this.#turn(event.data.deployment, seq, event.data.to.rollout_id);
        return;
      case 'DeploymentRetired':
        this.#turn(event.data.deployment, seq, null);
        return;
      default:
        // Nothing else moves traffic.
        return;
    }
  }

  /** Null where nothing took it; undefined where the position is past the end of what was folded. */
  rolloutAt(deployment: string, routingSeq: number): string | null | undefined {
    if (routingSeq > this.#lastSeq) return undefined;
    return this.#turns.get(deployment)?.findLast(({ seq }) => seq <= routingSeq)?.rolloutId ?? null;
  }

  #turn(deployment: string, seq: number, rolloutId: string | null): void {
    const turns = this.#turns.get(deployment);
    if (turns === undefined) this.#turns.set(deployment, [{ seq, rolloutId }]);
    else turns.push({ seq, rolloutId });
  }
}
