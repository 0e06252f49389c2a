import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerFailure, type ProblemOptions } from './answer-failure.js';

/**
 * Every exception of a Nest app on Fastify as application/problem+json. `useProblems` installs it. A filter that is not
 * decorated with what it catches catches everything.
 */
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly options: ProblemOptions) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    answerFailure(exception, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>(), this.options);
  }
}
