import { z } from 'zod';
import { catalogueOf, defineEvent, subjectToken, type CommandMeta, type EventOf } from '#libs/contracts/index.js';
import type { AggregateDefinition } from '#libs/event-log/index.js';
import { accept, assertNever, canonicalJson, namespaces, reject, sha256Hex, uuidv5 } from '#libs/kernel/index.js';

/** A test-only aggregate with a rule that depends on its whole history: a balance that must not fall below zero. */
export type LedgerCommand = { readonly type: 'deposit' | 'withdraw'; readonly amount: number };

export interface LedgerState {
  readonly balance: number;
  readonly entries: number;
}

export const Deposited = defineEvent('Deposited', z.object({ amount: z.int().positive() }));
export const Withdrawn = defineEvent('Withdrawn', z.object({ amount: z.int().positive() }));
export type LedgerEvent = EventOf<typeof Deposited> | EventOf<typeof Withdrawn>;

export interface LedgerRejection {
  readonly code: 'insufficient_funds';
  readonly balance: number;
}

export type LedgerDefinition = AggregateDefinition<LedgerCommand, LedgerState, LedgerEvent, LedgerRejection>;

export const ledgerCatalogue = catalogueOf([Deposited, Withdrawn]);

export const ledger: LedgerDefinition = {
  category: 'ledger',
  subjectOf: (id) => `evt.ledger.${subjectToken(id)}`,
  decider: {
    initialState: { balance: 0, entries: 0 },
    decide(command, state) {
      switch (command.type) {
        case 'deposit':
          return accept({ type: 'Deposited', data: { amount: command.amount } });
        case 'withdraw':
          return command.amount > state.balance
            ? reject({ code: 'insufficient_funds', balance: state.balance })
            : accept({ type: 'Withdrawn', data: { amount: command.amount } });
        default:
          return assertNever(command.type, 'ledger command');
      }
    },
    evolve({ balance, entries }, event) {
      switch (event.type) {
        case 'Deposited':
          return { balance: balance + event.data.amount, entries: entries + 1 };
        case 'Withdrawn':
          return { balance: balance - event.data.amount, entries: entries + 1 };
        default:
          return assertNever(event, 'ledger event');
      }
    },
  },
  catalogue: ledgerCatalogue,
  snapshot: {
    version: 1,
    encode: (state) => state,
    decode: (stored) => z.object({ balance: z.int(), entries: z.int() }).parse(stored),
  },
};

export const deposit = (amount: number): LedgerCommand => ({ type: 'deposit', amount });
export const withdraw = (amount: number): LedgerCommand => ({ type: 'withdraw', amount });

/** What comes with a command: its id derives from `key`, its digest from the body. */
export const metaOf = (key: string, body: unknown): CommandMeta => ({
  commandId: uuidv5(namespaces.command, key),
  digest: sha256Hex(canonicalJson(body)),
  actor: 'tester',
  correlationId: uuidv5(namespaces.command, `correlation ${key}`),
  at: '2026-11-23T10:00:00.000Z',
  configSeq: 1,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
});
