import type { FastifyInstance, FastifyReply } from 'fastify';
import { rejection } from '#libs/contracts/index.js';
import { sendProblem } from '../http/send-problem.js';
import type { HealthRegistry, HealthReport } from './registry.js';

/** GET /health/live and /health/ready on a bare Fastify instance. In a Nest app use HealthModule. */
export function healthRoutes(fastify: FastifyInstance, registry: HealthRegistry): void {
  fastify.get('/health/live', (_request, reply) => answerLive(reply));
  fastify.get('/health/ready', (_request, reply) => answerReady(reply, registry));
}

/** The process runs: it could answer this. */
export const answerLive = (reply: FastifyReply): FastifyReply => reply.send({ status: 'live' });

/** 200 when every component can serve; 503 names those that cannot, each with its reason. */
export async function answerReady(reply: FastifyReply, registry: HealthRegistry): Promise<FastifyReply> {
  const report = await registry.report();
  return report.ready ? reply.send(readyBody(report)) : sendProblem(reply, unready(report));
}

const readyBody = ({ components }: HealthReport) => ({
  status: 'ready',
  components: Object.fromEntries(components.map(({ component, tookMs }) => [component, { took_ms: rounded(tookMs) }])),
});

const rounded = (milliseconds: number): number => Math.round(milliseconds * 10) / 10;

function unready({ components }: HealthReport) {
  const failing = components.filter(({ healthy }) => !healthy);
  return rejection(
    'unavailable',
    `not ready: ${failing.map(({ component }) => component).join(', ')}`,
    failing.map(({ component, reason = '' }) => ({ path: component, message: reason })),
  );
}
