import { fstatSync, writeSync } from 'node:fs';

export interface LineSinkOptions {
  /** Takes what it can of the bytes; throws as `fs.writeSync` does. Default: to the descriptor. */
  readonly write?: (fd: number, bytes: Uint8Array) => number;
}

/**
 * Lines into a file that may lie on a full disk: what cannot be written is left out, and counted in a line of its own as soon
 * as there is room again. A log that cannot be kept must not end what it tells of. Node's own stream of a file throws, and
 * takes nothing more afterwards.
 */
export function lineSink(fd: number, { write = writeSync }: LineSinkOptions = {}): (line: string) => void {
  let rest = new Uint8Array();
  let leftOut = 0;
  const flush = (): boolean => {
    try {
      while (rest.length > 0) rest = rest.subarray(write(fd, rest));
      return true;
    } catch {
      return false;
    }
  };
  return (line) => {
    if (!flush()) {
      leftOut++;
      return;
    }
    const told = leftOut === 0 ? '' : `${leftOut} lines could not be written here\n`;
    leftOut = 0;
    // Of a line that was begun the rest follows as soon as it can: no line is cut.
    rest = Buffer.from(`${told}${line}\n`);
    flush();
  };
}

/** Lines to standard output, whatever it is. A reader that has gone misses them; nothing else happens. */
export function linesTo(stdout: NodeJS.WriteStream): (line: string) => void {
  const { fd } = stdout as NodeJS.WriteStream & { readonly fd: number };
  if (fstatSync(fd).isFile()) return lineSink(fd);
  stdout.on('error', () => undefined);
  return (line) => stdout.write(`${line}\n`);
}
