import type { FastifyRequest } from 'fastify';

/** Long enough for a caller that is still sending to read its answer, milliseconds. */
const lingerMs = 2_000;

/**
 * For a request that was answered before its body had arrived whole. Closing at once would reset the connection and
 * could take the answer with it, so what still comes is thrown away for a moment; then the connection ends.
 */
export function lingerThenClose({ raw }: FastifyRequest): void {
  if (raw.complete || raw.destroyed) return;
  const timer = setTimeout(() => {
    raw.socket.destroy();
  }, lingerMs).unref();
  raw.once('close', () => {
    clearTimeout(timer);
  });
  raw.resume();
}
