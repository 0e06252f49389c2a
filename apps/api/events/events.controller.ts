import { Controller, Get, Inject, Query, Req, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { rejection } from '#libs/contracts/index.js';
import type { EventReader } from '#libs/event-log/index.js';
import { ProblemException, sessionOf, ZodPipe } from '#libs/nest/index.js';
import { eventsQuery } from '../catalogue/routes.js';
import { tokens } from '../tokens.js';
import { eventFilter } from './event-filter.js';
import { resumedFrom, wantsFeed } from './feed-request.js';
import { ListEvents } from './list-events.js';
import { LiveFeeds } from './live-feeds.js';

@Controller('api/events')
export class EventsController {
  constructor(
    @Inject(QueryBus) private readonly queries: QueryBus,
    @Inject(tokens.events) private readonly events: EventReader,
    @Inject(tokens.feeds) private readonly feeds: LiveFeeds,
  ) {}

  @Get()
  async list(
    @Query(new ZodPipe(eventsQuery, 'query')) query: z.output<typeof eventsQuery>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { from_seq, cursor, limit } = query;
    const filter = eventFilter(query);
    if (!wantsFeed(request)) {
      await reply.send(await this.queries.execute(new ListEvents({ seq: from_seq, cursor }, limit, filter)));
      return;
    }
    const fromSeq = resumedFrom(request) ?? from_seq;
    const { lastSeq } = await this.events.head();
    if (fromSeq > lastSeq + 1) throw pastTheEnd(fromSeq, lastSeq);
    await this.feeds.send(reply, fromSeq, filter, sessionOf(request).expiresAt);
  }
}

const pastTheEnd = (fromSeq: number, lastSeq: number): ProblemException =>
  new ProblemException(
    rejection('invalid_position', `sequence ${fromSeq} is past the end of the log, which is at ${lastSeq}`, [
      { path: 'from_seq', message: `expected at most ${lastSeq + 1}` },
    ]),
  );
