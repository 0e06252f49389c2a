import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/** Two files of this size per component: the one being written and the one before. */
const limitBytes = 16 * 1024 * 1024;

/** A component's log: begun anew with every start of the platform, the former kept beside it as `<path>.1`. */
export interface LogFile {
  write(line: string): void;
  close(): void;
}

export function openLogFile(path: string, limit = limitBytes): LogFile {
  let file = openSync(path, 'a');
  let size = fstatSync(file).size;
  const rotate = (): void => {
    closeSync(file);
    renameSync(path, `${path}.1`);
    file = openSync(path, 'a');
    size = 0;
  };
  if (size > 0) rotate();
  return {
    write(line) {
      try {
        size += writeSync(file, `${line}\n`);
        if (size >= limit) rotate();
      } catch {
        // A full disk: the log loses lines, the platform goes on.
      }
    },
    close() {
      closeSync(file);
    },
  };
}
