import { z } from 'zod';
import { api as contract } from '#libs/contracts/index.js';
import type { ApiClient } from '../api-client.js';

/** A finding, and how long after the traffic that caused it the log had it. */
export interface FoundFinding {
  readonly finding: contract.Finding;
  readonly delayMs: number;
}

/** Findings of a version, in order of their raising. */
export async function readFindings(api: ApiClient, deployment: string, version: string): Promise<FoundFinding[]> {
  const found: contract.Finding[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ deployment, version, limit: '500', ...(cursor !== null && { cursor }) });
    const page: z.output<typeof contract.findingList> = await api.get(
      `/api/monitoring/findings?${query.toString()}`,
      contract.findingList,
    );
    found.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  found.sort((a, b) => a.raised.seq - b.raised.seq);
  const storedAt = await storedTimes(api, new Set(found.map(({ raised }) => raised.seq)));
  return found.map((finding) => ({
    finding,
    delayMs: (storedAt.get(finding.raised.seq) ?? Number.NaN) - Date.parse(finding.raised.at),
  }));
}

const storedEvents = z.object({ items: z.array(z.object({ seq: z.int(), stored_at: z.string() })) });

/** When the log had these events, milliseconds since the epoch. */
async function storedTimes(api: ApiClient, seqs: ReadonlySet<number>): Promise<Map<number, number>> {
  const times = new Map<number, number>();
  for (const seq of seqs) {
    if (times.has(seq)) continue;
    const { items } = await api.get(`/api/events?from_seq=${seq}&limit=500`, storedEvents);
    for (const event of items) if (seqs.has(event.seq)) times.set(event.seq, Date.parse(event.stored_at));
  }
  return times;
}
