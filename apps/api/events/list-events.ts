import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { api } from '#libs/contracts/index.js';
import type { EventReader, PageFilter } from '#libs/event-log/index.js';
import { acceptedOrThrow } from '#libs/nest/index.js';
import { cursorOf, readCursor } from '#libs/projecting/index.js';
import { tokens } from '../tokens.js';
import { eventView } from './event-view.js';

export type EventPage = z.infer<typeof api.eventPage>;

export class ListEvents extends Query<EventPage> {
  constructor(
    readonly from: { readonly seq: number; readonly cursor: string | undefined },
    readonly limit: number,
    readonly filter: PageFilter,
  ) {
    super();
  }
}

const list = 'events';

@QueryHandler(ListEvents)
export class ListEventsHandler implements IQueryHandler<ListEvents> {
  constructor(@Inject(tokens.events) private readonly events: EventReader) {}

  async execute({ from, limit, filter }: ListEvents): Promise<EventPage> {
    const fromSeq = from.cursor === undefined ? from.seq : acceptedOrThrow(readCursor(list, from.cursor)).seq;
    const { records, nextSeq, lastSeq } = await this.events.page(fromSeq, limit, filter);
    return {
      items: records.map(eventView),
      next_cursor: nextSeq === undefined ? null : cursorOf({ list, seq: nextSeq, after: '' }),
      as_of_seq: lastSeq,
    };
  }
}
