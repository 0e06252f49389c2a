import { setTimeout as delay } from 'node:timers/promises';
import {
  confirmReply,
  controlSubjects,
  prepareReply,
  servingReport,
  type PrepareReply,
  type PrepareRequest,
  type ServingMember,
  type ServingReport,
} from '#libs/contracts/index.js';
import { messageOf, type Clock } from '#libs/kernel/index.js';
import type { NatsConnection } from './nats-connection.js';

/**
 * Silent, or not listening at all: nobody treats the two differently. A process that has lost its connection listens no
 * more either, and may route until its lease ends.
 */
interface Unheard {
  readonly status: 'unanswered';
  readonly reason: string;
}

/** What asking one serving process to load a version came to. */
export type PrepareOutcome = PrepareReply | Unheard;

/** Asks a serving process to load a version and waits for its answer. Never rejects. */
export type PrepareMember = (instance: string, request: PrepareRequest, timeoutMs: number) => Promise<PrepareOutcome>;

export const prepareOver =
  (connection: NatsConnection): PrepareMember =>
  async (instance, request, timeoutMs) => {
    try {
      const message = await connection.request(controlSubjects.prepare(instance), JSON.stringify(request), {
        timeout: Math.max(1, timeoutMs),
      });
      const parsed = prepareReply.safeParse(message.json());
      return parsed.success ? parsed.data : noReply(instance);
    } catch (error) {
      return unheard(error);
    }
  };

/** What asking one serving process for its routing table came to: the position that the table has reached. */
export type ConfirmOutcome = { readonly status: 'confirmed'; readonly routingSeq: number } | Unheard;

/** Asks a serving process to answer once it routes by a table that has reached a sequence. Never rejects. */
export type ConfirmMember = (instance: string, seq: number, timeoutMs: number) => Promise<ConfirmOutcome>;

export const confirmOver =
  (connection: NatsConnection): ConfirmMember =>
  async (instance, seq, timeoutMs) => {
    try {
      const message = await connection.request(controlSubjects.confirm(instance), JSON.stringify({ seq }), {
        timeout: Math.max(1, timeoutMs),
      });
      const parsed = confirmReply.safeParse(message.json());
      return parsed.success ? { status: 'confirmed', routingSeq: parsed.data.routing_seq } : noReply(instance);
    } catch (error) {
      return unheard(error);
    }
  };

/** Which rollouts one serving process has loaded, if it tells. Never rejects. */
export type ReportOfMember = (instance: string, timeoutMs: number) => Promise<ServingReport | null>;

export const reportOver =
  (connection: NatsConnection): ReportOfMember =>
  async (instance, timeoutMs) => {
    try {
      const message = await connection.request(controlSubjects.report(instance), '', {
        timeout: Math.max(1, timeoutMs),
      });
      return servingReport.safeParse(message.json()).data ?? null;
    } catch {
      return null;
    }
  };

/** What commands ask of the serving processes. */
export interface ServingControl {
  /** As the leader knows them. */
  readonly listMembers: () => Promise<readonly ServingMember[]>;
  readonly prepare: PrepareMember;
  readonly report: ReportOfMember;
  readonly confirm: ConfirmMember;
}

export const servingControl = (
  connection: NatsConnection,
  members: { readonly list: () => Promise<readonly ServingMember[]> },
): ServingControl => ({
  listMembers: () => members.list(),
  prepare: prepareOver(connection),
  report: reportOver(connection),
  confirm: confirmOver(connection),
});

export interface ConfirmRoutingOptions {
  /** Asked after the event was acknowledged: whoever joins later reads the event. */
  readonly listMembers: ServingControl['listMembers'];
  readonly confirm: ConfirmMember;
  readonly clock: Clock;
}

export interface RoutingConfirmed {
  /** Serving processes that route by the new table, in order of their names. */
  readonly confirmedBy: readonly string[];
  /** Those that did not say so: their right to route by the old one has run out. */
  readonly expired: readonly string[];
}

/**
 * Milliseconds from an event's acknowledgement after which nobody routes by an older table: a lease of one second that was
 * asked for just before, and the difference between two clocks over a second.
 */
export const routingExpiresMs = 1_100;
const askAgainMs = 25;

/**
 * Resolves when no serving process can route by a table older than `seq`: each has confirmed, or the leases have run out.
 * @param ackedAt monotonic milliseconds at which the event at `seq` was known to be stored
 */
export async function confirmRouting(
  seq: number,
  ackedAt: number,
  options: ConfirmRoutingOptions,
): Promise<RoutingConfirmed> {
  const deadline = ackedAt + routingExpiresMs;
  const living = await membersUntil(deadline, options);
  if (living === null) return { confirmedBy: [], expired: [] };
  const asked = await Promise.all(
    living.map(async (instance) => ({ instance, confirmed: await confirmedBy(instance, seq, deadline, options) })),
  );
  const named = (wanted: boolean): string[] =>
    asked.filter(({ confirmed }) => confirmed === wanted).map(({ instance }) => instance);
  return { confirmedBy: named(true), expired: named(false) };
}

/** Null where they cannot be listed before the leases of all of them have run out. */
async function membersUntil(
  deadline: number,
  { listMembers, clock }: ConfirmRoutingOptions,
): Promise<readonly string[] | null> {
  for (;;) {
    const left = deadline - clock.monotonic();
    if (left <= 0) return null;
    const timeUp = new AbortController();
    try {
      const members = await Promise.race([
        listMembers(),
        delay(left, null, { signal: timeUp.signal }).catch(() => null),
      ]);
      if (members === null) return null;
      return members.map(({ instance }) => instance).sort();
    } catch {
      await delay(Math.min(askAgainMs, left));
    } finally {
      timeUp.abort();
    }
  }
}

/** A process that is away for a moment is asked again: it may come back before the deadline, and confirm. */
async function confirmedBy(
  instance: string,
  seq: number,
  deadline: number,
  { confirm, clock }: ConfirmRoutingOptions,
): Promise<boolean> {
  for (;;) {
    const left = deadline - clock.monotonic();
    if (left <= 0) return false;
    const outcome = await confirm(instance, seq, left);
    if (outcome.status === 'confirmed' && outcome.routingSeq >= seq) return true;
    await delay(Math.max(0, Math.min(askAgainMs, deadline - clock.monotonic())));
  }
}

const noReply = (instance: string): Unheard => ({
  status: 'unanswered',
  reason: `${instance} answers with what is no reply`,
});

const unheard = (error: unknown): Unheard => ({ status: 'unanswered', reason: messageOf(error) });
