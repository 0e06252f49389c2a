import { assertNever } from '#libs/kernel/index.js';
import { StreamConflict, StreamTimeout, StreamUnavailable } from './errors.js';
import type { Fault, FaultPlan } from './fault-plan.js';
import type {
  Consistency,
  Expectation,
  FollowOptions,
  OutgoingMessage,
  PublishAck,
  StreamHead,
  StreamMessage,
  StreamStore,
} from './stream-store.js';

/** A stream, in memory or real, between which and its user things go wrong as planned. `follow` is left alone. */
export class FaultyStream implements StreamStore {
  readonly name: string;
  private readonly late: { readonly message: OutgoingMessage; operations: number }[] = [];

  constructor(
    private readonly stream: StreamStore,
    private readonly plan: FaultPlan,
  ) {
    this.name = stream.name;
  }

  async publish(message: OutgoingMessage): Promise<PublishAck> {
    const fault = this.plan.next('publish');
    await this.begin(fault);
    switch (fault?.kind) {
      case undefined:
      case 'delay':
      case 'lagging_replica':
        return this.stream.publish(message);
      case 'lost_ack':
        await this.stream.publish(message);
        throw new StreamTimeout(`publish to ${message.subject}`);
      case 'lost_message':
        throw new StreamTimeout(`publish to ${message.subject}`);
      case 'late_message':
        this.late.push({ message, operations: fault.afterOperations });
        throw new StreamTimeout(`publish to ${message.subject}`);
      case 'in_flight':
        throw new StreamConflict(message.subject, expectationOf(message), undefined);
      case 'unavailable':
        throw new StreamUnavailable(`publish to ${message.subject}`, 'no responders');
      default:
        return assertNever(fault, 'fault');
    }
  }

  async get(seq: number, consistency: Consistency): Promise<StreamMessage | undefined> {
    const visible = await this.beginRead(consistency);
    return seq <= visible ? this.stream.get(seq, consistency) : undefined;
  }

  async lastOf(subject: string, consistency: Consistency): Promise<StreamMessage | undefined> {
    const visible = await this.beginRead(consistency);
    const last = await this.stream.lastOf(subject, consistency);
    if (last === undefined || last.seq <= visible) return last;
    return (await this.stream.readSubject(subject, 1, consistency)).findLast(({ seq }) => seq <= visible);
  }

  async readSubject(
    subject: string,
    fromSeq: number,
    consistency: Consistency,
    limit?: number,
  ): Promise<readonly StreamMessage[]> {
    const visible = await this.beginRead(consistency);
    return (await this.stream.readSubject(subject, fromSeq, consistency, limit)).filter(({ seq }) => seq <= visible);
  }

  async readFrom(fromSeq: number, limit: number, consistency: Consistency): Promise<readonly StreamMessage[]> {
    const visible = await this.beginRead(consistency);
    return (await this.stream.readFrom(fromSeq, limit, consistency)).filter(({ seq }) => seq <= visible);
  }

  async head(): Promise<StreamHead> {
    await this.beginRead('leader');
    return this.stream.head();
  }

  follow(options: FollowOptions): AsyncIterable<readonly StreamMessage[]> {
    return this.stream.follow(options);
  }

  /** Lets every message that is still on its way arrive now. */
  async quiet(): Promise<void> {
    for (const entry of this.late) entry.operations = 0;
    await this.deliverLate();
  }

  /** @returns the last sequence that this read may see. */
  private async beginRead(consistency: Consistency): Promise<number> {
    const fault = this.plan.next('read');
    await this.begin(fault);
    if (fault?.kind === 'unavailable') throw new StreamUnavailable(`read ${this.name}`, 'no responders');
    if (fault?.kind !== 'lagging_replica' || consistency === 'leader') return Infinity;
    return (await this.stream.head()).lastSeq - fault.messages;
  }

  private async begin(fault: Fault | undefined): Promise<void> {
    if (fault?.kind === 'delay')
      for (let turns = fault.turns; turns > 0; turns -= 1)
        await new Promise((resolve) => {
          setImmediate(resolve);
        });
    for (const entry of this.late) entry.operations -= 1;
    await this.deliverLate();
  }

  private async deliverLate(): Promise<void> {
    const due = this.late.filter(({ operations }) => operations <= 0);
    for (const entry of due) this.late.splice(this.late.indexOf(entry), 1);
    for (const { message } of due) {
      try {
        await this.stream.publish(message);
      } catch (error) {
        // Its sender has long stopped listening.
        if (!(error instanceof StreamConflict)) throw error;
      }
    }
  }
}

const expectationOf = ({ expectedLastSubjectSeq, expectedLastSeq }: OutgoingMessage): Expectation => ({
  expectedLastSubjectSeq,
  expectedLastSeq,
});
