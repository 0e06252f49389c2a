import type { NestApplicationOptions } from '@nestjs/common';
import type { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyServerOptions } from 'fastify';
import { NestLogger } from '../logging.js';
import type { ProblemOptions } from './answer-failure.js';
import { problemServerOptions } from './server-options.js';
import { useProblems } from './use-problems.js';

/** A module class or dynamic module, as NestFactory takes it. */
export type RootModule = Parameters<typeof NestFactory.create>[0];

/**
 * A Nest app on Fastify as all of ours are: errors are problem+json, Nest logs through our logger, and a module that
 * cannot be made rejects (Nest's default aborts the process). Register raw routes on its Fastify instance, then
 * `listen` to it.
 * @param server options of Fastify, for example `bodyLimit` (bytes).
 * @throws what the module's providers throw.
 */
export async function createHttpApp(
  module: RootModule,
  problems: ProblemOptions,
  server: FastifyServerOptions = {},
): Promise<NestFastifyApplication> {
  const nest = await import('@nestjs/core');
  const { FastifyAdapter } = await import('@nestjs/platform-fastify');
  const options: Partial<NestApplicationOptions> = { logger: new NestLogger(problems.logger), abortOnError: false };
  const adapter = new FastifyAdapter({ ...server, ...problemServerOptions(problems) });
  const app = await nest.NestFactory.create<NestFastifyApplication>(module, adapter, options);
  useProblems(app, problems);
  return app;
}
