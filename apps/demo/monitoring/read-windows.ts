import { api as contract } from '#libs/contracts/index.js';
import type { ApiClient } from '../api-client.js';
import type { WindowAnswers } from './windows.js';

/** More than the story has; the api tells no more on one page. */
const mostWindows = 500;

/** What the api says of a version's windows since the beginning of the year. */
export async function readWindows(api: ApiClient, deployment: string, version: string): Promise<WindowAnswers> {
  const which = new URLSearchParams({ deployment, version }).toString();
  // First: what follows then has at least the windows that this one has, and their labels.
  const metrics = await api.get(`/api/monitoring/metrics?${which}`, contract.metricsAnswer);
  const [drift, quality] = await Promise.all([
    api.get(`/api/monitoring/drift?${which}&limit=${mostWindows}`, contract.driftAnswer),
    api.get(`/api/monitoring/quality?${which}&limit=${mostWindows}`, contract.qualityAnswer),
  ]);
  return {
    performance: metrics.items.flatMap(({ performance }) => performance),
    drift: drift.items,
    quality: quality.items,
  };
}
