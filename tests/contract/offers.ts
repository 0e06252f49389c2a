import { z } from 'zod';
import { catalogueOf, defineEvent, subjectToken, type EventOf } from '#libs/contracts/index.js';
import type { AggregateDefinition } from '#libs/event-log/index.js';
import { accept, reject } from '#libs/kernel/index.js';

export const OfferTaken = defineEvent('OfferTaken', z.object({ at: z.iso.datetime() }));

/** A test-only aggregate whose decision depends on its instant: an offer is taken before it ends, or not at all. */
export const offers: AggregateDefinition<
  'until 10:00:00.000' | 'for ever',
  readonly string[],
  EventOf<typeof OfferTaken>,
  { readonly code: 'expired'; readonly at: string }
> = {
  category: 'offers',
  subjectOf: (id) => `evt.offers.${subjectToken(id)}`,
  decider: {
    initialState: [],
    decide: (command, _state, { at }) =>
      command !== 'for ever' && at > '2026-11-23T10:00:00.000Z'
        ? reject({ code: 'expired', at })
        : accept({ type: 'OfferTaken', data: { at } }),
    evolve: (taken, _event, { at }) => [...taken, at],
  },
  catalogue: catalogueOf([OfferTaken]),
  snapshot: { version: 1, encode: (state) => state, decode: (stored) => z.array(z.string()).parse(stored) },
};
