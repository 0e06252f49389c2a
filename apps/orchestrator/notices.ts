import { assertNever } from '#libs/kernel/index.js';
import type { Logger } from '#libs/nest/index.js';
import type { RunnerNotice } from '#libs/processing/index.js';

/** What the runner tells, as log lines. */
export const tellIn =
  (logger: Logger) =>
  (notice: RunnerNotice): void => {
    switch (notice.kind) {
      case 'started':
        logger.info({ position: notice.position, last_seq: notice.lastSeq }, 'reads the log');
        return;
      case 'caught_up':
        logger.info({ position: notice.position }, 'runs the processes');
        return;
      case 'interrupted':
        logger.warn(
          { reason: notice.reason, retry_in_ms: Math.round(notice.retryInMs) },
          'is interrupted and tries again',
        );
        return;
      case 'skipped':
        logger.warn(
          { seq: notice.seq, reason: notice.reason },
          'a record is not known to this version and is passed over',
        );
        return;
      case 'settled': {
        const { process, id, type, outcome } = notice;
        const about = { process, process_id: id, command: type };
        if (outcome.status === 'accepted') logger.info({ ...about, seq: outcome.seq }, 'a command was carried out');
        else logger.info({ ...about, code: outcome.code, detail: outcome.detail }, 'a command was refused');
        return;
      }
      case 'command_failed': {
        const { process, id, commandId, type, attempts, reason, stuck } = notice.failure;
        const about = { process, process_id: id, command: type, command_id: commandId, attempts, reason };
        if (stuck) logger.error(about, 'a command keeps failing; it is tried on');
        else logger.warn(about, 'a command failed and is tried again');
        return;
      }
      case 'blocked': {
        const { process, id, what, reason, attempts } = notice.trouble;
        logger.error(
          { process, process_id: id, what, reason, attempts },
          'a process cannot go on; it is tried again, the others go on',
        );
        return;
      }
      case 'checkpoint_failed':
        logger.warn({ reason: notice.reason }, 'no checkpoint was written: a restart reads more of the log');
        return;
      default:
        assertNever(notice, 'runner notice');
    }
  };
