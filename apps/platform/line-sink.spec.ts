import { expect, it } from '@jest/globals';
import { lineSink } from './line-sink.js';

/** A file on a disk with so much room. */
function disk(room: number) {
  const written: Buffer[] = [];
  return {
    text: () => Buffer.concat(written).toString(),
    free: (bytes: number) => {
      room += bytes;
    },
    write: (_fd: number, bytes: Uint8Array) => {
      if (room === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      const taken = Math.min(room, bytes.length);
      written.push(Buffer.from(bytes.subarray(0, taken)));
      room -= taken;
      return taken;
    },
  };
}

it('leaves out what a full disk does not take, tells how much once there is room, and cuts no line', () => {
  const full = disk(9);
  const line = lineSink(1, full);
  for (const text of ['first', 'second', 'third', 'fourth']) line(text);
  expect(full.text()).toBe('first\nsec');
  full.free(1000);
  line('fifth');
  line('sixth');
  expect(full.text()).toBe('first\nsecond\n2 lines could not be written here\nfifth\nsixth\n');
});
