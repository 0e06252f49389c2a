import type { InferRequest } from './protocol.js';

/** Less than any request takes: none at all would mean that the caller waits as long as it takes. */
const overAlready = 1;

/**
 * A caller may say twice how long it waits: by what carries the request (`timeoutMs`, Infinity: not at all) and in the
 * protocol's own way, microseconds in the parameter `timeout`. The shorter counts.
 */
export function withTimeout(request: InferRequest, timeoutMs: number): InferRequest {
  if (timeoutMs === Number.POSITIVE_INFINITY) return request;
  const { timeout } = request.parameters;
  const microseconds = Math.max(overAlready, timeoutMs * 1000);
  // What is no time is left for `requestTraits` to refuse.
  const isTime = timeout === undefined || (typeof timeout === 'number' && timeout >= 0);
  if (!isTime || (timeout !== undefined && timeout > 0 && timeout < microseconds)) return request;
  return { ...request, parameters: { ...request.parameters, timeout: microseconds } };
}
