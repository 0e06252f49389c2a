import { Body, Controller, HttpCode, Inject, Post, type PipeTransform } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { api } from '#libs/contracts/index.js';
import { parseOrThrow } from '#libs/nest/index.js';
import { CallerOf, type Caller } from '../http/caller.js';
import { RecordFeedback, type FeedbackAccepted } from './record-feedback.js';

/** Which of the two forms it is shows in `items`: errors then name the fields of the one that was meant. */
class FeedbackPipe implements PipeTransform<unknown, api.Feedback> {
  transform(value: unknown): api.Feedback {
    const many = typeof value === 'object' && value !== null && 'items' in value;
    return many ? parseOrThrow(api.observations, value) : parseOrThrow(api.observation, value);
  }
}

@Controller('api/feedback')
export class FeedbackController {
  constructor(@Inject(CommandBus) private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(200)
  record(@Body(new FeedbackPipe()) body: api.Feedback, @CallerOf() caller: Caller): Promise<FeedbackAccepted> {
    return this.commands.execute(new RecordFeedback(body, caller));
  }
}
