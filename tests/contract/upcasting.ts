import { z } from 'zod';
import { catalogueOf, defineEvent, type EventOf } from '#libs/contracts/index.js';
import type { AggregateDefinition } from '#libs/event-log/index.js';
import { accept } from '#libs/kernel/index.js';

/**
 * A test-only event type in its third version. Version 1 had an amount in whole units, version 2 named the currency,
 * version 3 counts in hundredths.
 */
const versionOne = z.object({ amount: z.int() });
const versionTwo = z.object({ amount: z.int(), currency: z.string() });
const versionThree = z.object({ hundredths: z.int(), currency: z.string() });

const addCurrency = (data: unknown): unknown => ({ ...versionOne.parse(data), currency: 'EUR' });
const countHundredths = (data: unknown): unknown => {
  const { amount, currency } = versionTwo.parse(data);
  return { hundredths: amount * 100, currency };
};

export const PaidV1 = defineEvent('Paid', versionOne);
export const PaidV2 = defineEvent('Paid', versionTwo, [addCurrency]);
export const PaidV3 = defineEvent('Paid', versionThree, [addCurrency, countHundredths]);

type Paid = EventOf<typeof PaidV3>;

/** Every payment, in today's form. */
export const payments: AggregateDefinition<Paid['data'], readonly Paid['data'][], Paid, never> = {
  category: 'payments',
  subjectOf: (id) => `evt.payments.${id}`,
  decider: {
    initialState: [],
    decide: (data) => accept({ type: 'Paid', data }),
    evolve: (paid, event) => [...paid, event.data],
  },
  catalogue: catalogueOf([PaidV3]),
  snapshot: { version: 1, encode: (state) => state, decode: (stored) => z.array(versionThree).parse(stored) },
};
