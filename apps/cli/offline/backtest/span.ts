import { subjects } from '#libs/contracts/index.js';
import type { StreamStore } from '#libs/event-log/index.js';
import { CommandFailed } from '../../errors.js';
import type { RecordedGovernance } from './governance.js';
import type { BacktestRequest, Moment } from './request.js';

/** A moment in the log: a message is behind it by its place in TRAFFIC, or by the log's time. */
export interface Bound {
  readonly seq: number;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

/** The messages of a deployment that are told of: both ends belong to it. */
export interface Span {
  /** Where reading begins: what is before the span is applied, and not told. */
  readonly readFrom: number;
  readonly from: Bound;
  readonly to: Bound;
}

const beginning: Bound = { seq: 1, time: -Infinity };
const end: Bound = { seq: Infinity, time: Infinity };

/**
 * @param lastSeq of TRAFFIC, where reading ends
 * @throws CommandFailed for places that the log does not have, and where TRAFFIC holds nothing of the deployment.
 */
export async function spanOf(
  { deployment, from, to, fresh }: BacktestRequest,
  traffic: StreamStore,
  governance: RecordedGovernance,
  lastSeq: number,
): Promise<Span> {
  const first = await firstOf(deployment, traffic);
  if (first === null || first > lastSeq)
    throw new CommandFailed(`--deployment ${deployment}: TRAFFIC holds nothing of it`, 1);
  // Whoever follows a stream waits for its end.
  if ((await traffic.get(lastSeq, 'leader')) === undefined)
    throw new CommandFailed(
      `TRAFFIC has no message ${lastSeq}, which is its last: modelog verify tells what is missing`,
      1,
    );
  const [begins, ends] = [
    from === null ? beginning : await boundOf('--from', from, beginning, traffic, governance),
    to === null ? end : await boundOf('--to', to, end, traffic, governance),
  ];
  if (begins.seq > ends.seq || begins.time > ends.time)
    throw new CommandFailed(`--to ${to!.text}: expected a place behind --from ${from!.text}`, 1);
  const readFrom = fresh ? Math.max(first, await firstAt(begins, traffic, first, lastSeq)) : first;
  return { readFrom, from: begins, to: { seq: Math.min(ends.seq, lastSeq), time: ends.time } };
}

/** @param open the side on which the moment says nothing */
export async function boundOf(
  flag: string,
  moment: Moment,
  open: Bound,
  traffic: StreamStore,
  governance: RecordedGovernance,
): Promise<Bound> {
  switch (moment.kind) {
    case 'time':
      return { ...open, time: moment.time };
    case 'events': {
      const time = governance.timeAt(moment.seq);
      if (time !== undefined) return { ...open, time };
      throw new CommandFailed(`${flag} ${moment.text}: EVENTS ends at ${governance.position}`, 1);
    }
    case 'traffic': {
      const message = await traffic.get(moment.seq, 'leader');
      if (message !== undefined) return { ...open, seq: moment.seq };
      throw new CommandFailed(`${flag} ${moment.text}: TRAFFIC has no such message`, 1);
    }
  }
}

/** Sequence of the deployment's first message; null: there is none. */
async function firstOf(deployment: string, traffic: StreamStore): Promise<number | null> {
  const own = [subjects.predictions, subjects.labels, subjects.ticks].map((subjectOf) => subjectOf(deployment));
  const firsts = await Promise.all(own.map((subject) => traffic.readSubject(subject, 1, 'leader', 1)));
  const first = Math.min(...firsts.map(([message]) => message?.seq ?? Infinity));
  return first === Infinity ? null : first;
}

/** The first message of the span, by halving; where the server's clock stepped back it may be a later one by as much. */
async function firstAt({ seq, time }: Bound, traffic: StreamStore, first: number, last: number): Promise<number> {
  if (time === -Infinity) return seq;
  let [low, high] = [first, last + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const message = await traffic.get(middle, 'leader');
    if (message === undefined || message.time < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
