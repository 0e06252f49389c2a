/** For specs: a small read model that sees order, repeats and loss. */
import { Changes } from '../changes.js';
import type { Projection } from '../projection.js';
import { ArraySource } from './array-source.js';
import { current, temporal } from '../table.js';

export interface Entry {
  readonly seq: number;
  readonly storedAt: number;
  /** `close` deletes the account; `garbage` cannot be read; `noise` is not for this projection. */
  readonly kind: 'change' | 'close' | 'garbage' | 'noise';
  readonly account: string;
  readonly by: number;
}

export const accounts = temporal({
  name: 'accounts',
  key: ['account'],
  columns: { account: 'text', balance: 'bigint', history: 'jsonb' },
});

export const totals = current({
  name: 'totals',
  key: ['account'],
  columns: { account: 'text', changes: 'bigint', last_seq: 'bigint' },
});

export const ledger: Projection<Entry, Entry> = {
  name: 'ledger',
  version: 1,
  stream: 'EVENTS',
  schemaSql: `
    create table accounts (
      account text collate "C" not null, balance bigint not null, history jsonb not null,
      valid_from_seq bigint not null, valid_to_seq bigint, primary key (account, valid_from_seq)
    );
    create unique index accounts_current on accounts (account) where valid_to_seq is null;
    create table totals (account text collate "C" primary key, changes bigint not null, last_seq bigint not null);
  `,
  tables: [accounts, totals],
  decode(entry) {
    if (entry.kind === 'noise') return { kind: 'irrelevant' };
    if (entry.kind === 'garbage') return { kind: 'unreadable', reason: 'garbage' };
    return { kind: 'fact', fact: entry };
  },
  needs: ({ fact }) => [
    { table: accounts, key: { account: fact.account } },
    { table: totals, key: { account: fact.account } },
  ],
  apply(before, facts) {
    const changes = new Changes(before);
    for (const { seq, fact } of facts) {
      const { account } = fact;
      const known = changes.get(accounts, { account });
      const total = changes.get(totals, { account });
      changes.put(totals, seq, { account, changes: Number(total?.['changes'] ?? 0) + 1, last_seq: seq });
      if (fact.kind === 'change') {
        const balance = Number(known?.['balance'] ?? 0) + fact.by;
        const history = [...((known?.['history'] ?? []) as number[]), fact.by].slice(-3);
        changes.put(accounts, seq, { account, balance, history });
      } else if (known === undefined) {
        changes.skip(seq, `${account} is not open`);
      } else {
        changes.delete(accounts, seq, { account });
      }
    }
    return changes.operations;
  },
};

export const ledgerSource = (...entries: readonly Entry[]): ArraySource<Entry> => {
  const source = new ArraySource<Entry>('EVENTS', ({ seq, storedAt }) => ({ seq, storedAt }));
  source.append(...entries);
  return source;
};

/** Entries with sequences from `first` and one second between them. */
export const changesOf = (account: string, by: readonly number[], first = 1): Entry[] =>
  by.map((amount, index) => ({
    seq: first + index,
    storedAt: 1_000 * (first + index),
    kind: 'change',
    account,
    by: amount,
  }));
