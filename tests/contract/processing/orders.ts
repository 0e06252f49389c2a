/** Test-only: orders, and a process that sees each of them to its end. It decides on accounts of the test-only ledger. */
import { z } from 'zod';
import { ledger } from '../ledger.js';
import {
  catalogueOf,
  defineEvent,
  processEvents,
  subjectToken,
  type CommandMeta,
  type EventOf,
} from '#libs/contracts/index.js';
import type { AggregateDefinition, AggregateStore } from '#libs/event-log/index.js';
import {
  accept,
  assertNever,
  canonicalJson,
  isoTime,
  laterBy,
  sha256Hex,
  type Clock,
  type CommandOutcome,
  type Process,
  type Reaction,
} from '#libs/kernel/index.js';
import type { ExecutionMeta, Executors, ProcessSchemas } from '#libs/processing/index.js';

const order = z.string();
export const OrderPlaced = defineEvent(
  'OrderPlaced',
  z.object({ order, account: z.string(), amount: z.int().positive(), parts: z.int().min(0), patience_ms: z.int() }),
);
/** Somebody asks where it is: heard only while it is being delivered. */
export const OrderNudged = defineEvent('OrderNudged', z.object({ order }));
export const OrderCancelled = defineEvent('OrderCancelled', z.object({ order }));
export const orderEvents = [OrderPlaced, OrderNudged, OrderCancelled] as const;
export type OrderEvent = EventOf<(typeof orderEvents)[number]>;

/** Its decider accepts everything: the command is the event. */
export const orders: AggregateDefinition<OrderEvent, number, OrderEvent, never> = {
  category: 'order',
  subjectOf: (id) => `evt.order.${subjectToken(id)}`,
  decider: { initialState: 0, decide: accept, evolve: (count) => count + 1 },
  catalogue: catalogueOf(orderEvents),
  snapshot: { version: 1, encode: (count) => count, decode: (stored) => z.int().parse(stored) },
};

const command = z.discriminatedUnion('type', [
  z.object({ type: z.literal('Pay'), account: z.string(), amount: z.int() }),
  z.object({ type: z.literal('Deliver'), account: z.string(), part: z.int() }),
]);
export type OrderCommand = z.infer<typeof command>;

const state = z.object({ phase: z.enum(['new', 'paying', 'delivering', 'delivered']), left: z.int(), nudges: z.int() });
type OrderState = z.infer<typeof state>;

export type Fulfilment = Process<OrderEvent, OrderState, OrderCommand>;

/**
 * Pay, then deliver each part, then rest a second for complaints. Payment and parts are withdrawn, so either may be
 * refused; patience may end first; the customer may cancel at any time.
 * @param prefix of the orders that concern it
 */
export const fulfilment = (name: string, prefix = ''): Fulfilment => ({
  name,
  initialState: { phase: 'new', left: 0, nudges: 0 },
  idOf: ({ data }) => (data.order.startsWith(prefix) ? data.order : null),
  react(message, { phase, left }, at) {
    switch (message.kind) {
      case 'event':
        return onEvent(message.event, phase, at);
      case 'timer':
        return { ended: message.name === 'rest' ? 'delivered' : 'out of patience' };
      case 'settlement': {
        if (message.outcome.status === 'rejected') return { ended: `refused: ${message.outcome.code}` };
        if (message.command.type === 'Pay') return delivery(message.command.account, left, at);
        return left > 1 ? {} : { timers: { patience: null, rest: laterBy(at, restMs) } };
      }
      default:
        return assertNever(message, 'message');
    }
  },
  evolve(before, message) {
    switch (message.kind) {
      case 'event':
        return message.event.type === 'OrderPlaced'
          ? { ...before, phase: 'paying', left: message.event.data.parts }
          : { ...before, nudges: before.nudges + (message.event.type === 'OrderNudged' ? 1 : 0) };
      case 'timer':
        return before;
      case 'settlement': {
        if (message.command.type === 'Pay') return { ...before, phase: 'delivering' };
        const left = before.left - 1;
        return { ...before, left, phase: left === 0 ? 'delivered' : before.phase };
      }
      default:
        return assertNever(message, 'message');
    }
  },
});

export const restMs = 1_000;

function onEvent(event: OrderEvent, phase: OrderState['phase'], at: string): Reaction<OrderCommand> | null {
  switch (event.type) {
    case 'OrderPlaced': {
      const { account, amount, patience_ms } = event.data;
      return { commands: [{ type: 'Pay', account, amount }], timers: { patience: laterBy(at, patience_ms) } };
    }
    case 'OrderNudged':
      return phase === 'delivering' ? {} : null;
    case 'OrderCancelled':
      return { ended: 'cancelled' };
    default:
      return assertNever(event, 'order event');
  }
}

function delivery(account: string, parts: number, at: string): Reaction<OrderCommand> {
  if (parts === 0) return { timers: { patience: null, rest: laterBy(at, restMs) } };
  return {
    commands: Array.from({ length: parts }, (_, part) => ({ type: 'Deliver', account: `${account}-stock`, part })),
  };
}

export const fulfilmentSchemas: ProcessSchemas<OrderState, OrderCommand> = {
  events: catalogueOf(orderEvents),
  command,
  state,
};

/** Each withdraws, under its own id. */
export const fulfilmentExecutors = (aggregates: AggregateStore, clock: Clock): Executors<OrderCommand> => ({
  Pay: ({ account, amount }, meta) => withdraw(aggregates, clock, account, amount, meta),
  Deliver: ({ account }, meta) => withdraw(aggregates, clock, account, 1, meta),
});

async function withdraw(
  aggregates: AggregateStore,
  clock: Clock,
  account: string,
  amount: number,
  { commandId, correlationId, causationId }: ExecutionMeta,
): Promise<CommandOutcome> {
  const body = { type: 'withdraw', amount } as const;
  const meta: CommandMeta = {
    ...{ commandId, correlationId, causationId, actor: 'tester', at: isoTime(clock.now()) },
    digest: sha256Hex(canonicalJson(body)),
  };
  const outcome = await aggregates.execute(ledger, account, body, meta);
  if (outcome.ok) return { status: 'accepted', seq: outcome.value.seq, result: { amount } };
  const { rejection } = outcome;
  return { status: 'rejected', code: rejection.code, detail: `account ${account}` };
}

export const ordersCatalogue = catalogueOf([...orderEvents, ...processEvents]);
