import { expect, it } from '@jest/globals';
import { Lanes } from './lanes.js';

it('as many run at a time as there are lanes, the others in their order; one that fails frees its lane', async () => {
  const lanes = new Lanes(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const works = [0, 1, 2, 3].map((number) =>
    lanes.run(async () => {
      begun.push(number);
      await new Promise<void>((resolve) => (ends[number] = resolve));
      if (number === 0) throw new Error('broken');
      return number;
    }),
  );
  const failed = expect(works[0]).rejects.toThrow('broken');
  expect(begun).toEqual([0, 1]);
  ends[0]!();
  await failed;
  expect(begun).toEqual([0, 1, 2]);
  ends[2]!();
  await works[2];
  expect(begun).toEqual([0, 1, 2, 3]);
  ends[1]!();
  ends[3]!();
  expect(await Promise.all(works.slice(1))).toEqual([1, 2, 3]);
});
