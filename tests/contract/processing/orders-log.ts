/** What the log says of orders and of the process that sees to them. */
import { ledgerCatalogue } from '../ledger.js';
import { fulfilmentSchemas, ordersCatalogue, type OrderEvent } from './orders.js';
import { catalogueOf, subjects, type EventOf, type ProcessStepTaken } from '#libs/contracts/index.js';
import { EventReader, isUnknown, verifyEvents, type LogProblem, type StreamStore } from '#libs/event-log/index.js';

export type Step = EventOf<typeof ProcessStepTaken>['data'] & { readonly seq: number };

const everything = catalogueOf([...ordersCatalogue.values(), ...ledgerCatalogue.values()]);
export const orderReader = (events: StreamStore): EventReader => new EventReader(events, ordersCatalogue);

export async function stepsOf(events: StreamStore, process: string, id: string): Promise<readonly Step[]> {
  const { records } = await orderReader(events).page(1, 1_000, { aggregate: subjects.process(process, id) });
  return records.map((record) => {
    if (isUnknown(record)) throw new Error(JSON.stringify(record));
    return { ...(record.event as EventOf<typeof ProcessStepTaken>).data, seq: record.seq };
  });
}

/** Ids of commands that were issued and not settled. */
export function openCommandsOf(steps: readonly Step[]): readonly string[] {
  const open = new Set(steps.flatMap(({ commands }) => commands.map(({ id }) => id)));
  for (const { input } of steps) if (input.kind === 'settlement') open.delete(input.command_id);
  return [...open];
}

/** Names of timers that are set. */
export function timersOf(steps: readonly Step[]): readonly string[] {
  const set = new Set<string>();
  for (const { input, timers, ended } of steps) {
    if (input.kind === 'timer') set.delete(input.name);
    for (const [name, at] of Object.entries(timers))
      if (at === null) set.delete(name);
      else set.add(name);
    if (ended !== null) set.clear();
  }
  return [...set];
}

/** Ended, and nothing it issued is open. */
export const isSettled = (steps: readonly Step[]): boolean =>
  steps.length > 0 && steps.at(-1)!.ended !== null && openCommandsOf(steps).length === 0;

/** The steps in words, without ids, positions and instants. */
export const story = (steps: readonly Step[]): readonly string[] =>
  steps.map(({ input, commands, timers, ended }) =>
    [
      input.kind === 'event' ? input.type : input.kind === 'timer' ? `timer ${input.name}` : settlement(input),
      ...commands.map(({ type }) => `issue ${type}`),
      ...Object.entries(timers).map(([name, at]) => `${at === null ? 'take back' : 'set'} ${name}`),
      ...(ended === null ? [] : [`ended: ${ended}`]),
    ].join(', '),
  );

const settlement = ({ type, outcome }: Extract<Step['input'], { kind: 'settlement' }>): string =>
  `${type} ${outcome.status}${outcome.status === 'rejected' ? ` ${outcome.code}` : ''}`;

/** Broken promises of the log: repeated commands, gaps in versions, broken chains. */
export async function problemsOf(events: StreamStore): Promise<readonly LogProblem[]> {
  const problems: LogProblem[] = [];
  for await (const problem of verifyEvents(events, everything)) problems.push(problem);
  return problems;
}

/** What an order's process was told of twice. */
export function repeatsOf(steps: readonly Step[]): readonly string[] {
  const seen = new Set<string>();
  return steps.flatMap(({ input, seq }) => {
    const key =
      input.kind === 'event'
        ? input.event_id
        : input.kind === 'settlement'
          ? input.command_id
          : `${input.name} ${input.due_at}`;
    const repeated = seen.has(key);
    seen.add(key);
    return repeated ? [`${seq}: ${key}`] : [];
  });
}

/** Sequences of the events of an order. */
export async function eventsOf(
  events: StreamStore,
  order: string,
): Promise<readonly { seq: number; event: OrderEvent }[]> {
  const { records } = await orderReader(events).page(1, 1_000, { aggregate: `evt.order.${order}` });
  return records.flatMap((record) =>
    !isUnknown(record) && fulfilmentSchemas.events.has(record.event.type)
      ? [{ seq: record.seq, event: record.event as OrderEvent }]
      : [],
  );
}
