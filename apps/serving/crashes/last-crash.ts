import { readJournal } from './crash-journal.js';
import { reportCrash, type ReportCrashOptions } from './report-crash.js';

export interface LastCrashOptions extends ReportCrashOptions {
  /** The file, of this and of the process before it. */
  readonly journal: string;
  /** MODELOG_LAST_EXIT: how the process before this one ended, as far as it is known. */
  readonly lastExit: string | undefined;
  /** Of the platform: `serving-0`. */
  readonly instance: string;
}

/**
 * Signals by which the system ends a program for its own fault; whoever stops or kills one sends others. And a run that
 * does not end: the process stands still, and the platform kills it.
 */
const crashCauses = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP', 'SIGSYS', 'unresponsive']);

/** Where the process before this one crashed while it ran or loaded a version, has that recorded. Before that is loaded again. */
export async function reportLastCrash(options: LastCrashOptions): Promise<void> {
  const { journal, lastExit: cause, instance, logger } = options;
  if (cause === undefined || !crashCauses.has(cause)) return;
  const last = readJournal(journal);
  if (last === undefined || last.rollout === null) {
    logger.warn({ cause }, 'the process before this one crashed while it ran no model');
    return;
  }
  const { epoch, rollout } = last;
  await reportCrash({ epoch, rollout, cause, instance: memberName(instance, epoch) }, options);
}

/** A life of a process among the members: the platform's name and the end of its epoch. */
export const memberName = (instance: string, epoch: string): string => `${instance}-${epoch.slice(-6)}`;
