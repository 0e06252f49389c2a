import { describe, expect, it } from '@jest/globals';
import { Slots } from './slots.js';

const { signal } = new AbortController();

/** Work that ends when told to. */
function held() {
  let end: (error?: Error) => void = () => undefined;
  const promise = new Promise<string>((resolve, reject) => {
    end = (error) => {
      if (error === undefined) resolve('done');
      else reject(error);
    };
  });
  return {
    work: () => promise,
    end: (error?: Error) => {
      end(error);
    },
  };
}

describe('slots', () => {
  it('begin so much at once and the rest in order, after failures too', async () => {
    const slots = new Slots(2);
    const begun: number[] = [];
    const all = [held(), held(), held(), held()];
    const runs = all.map(({ work }, index) =>
      slots.run(() => {
        begun.push(index);
        return work();
      }, signal),
    );
    expect(begun).toEqual([0, 1]);
    all[1]!.end(new Error('no'));
    await expect(runs[1]).rejects.toThrow('no');
    expect(begun).toEqual([0, 1, 2]);
    for (const { end } of all) end();
    expect(await Promise.all([runs[0], runs[2], runs[3]])).toEqual(['done', 'done', 'done']);
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  it('does not begin what is given up before its turn, and lets the next one go', async () => {
    const slots = new Slots(1);
    const [first, third] = [held(), held()];
    const given = new AbortController();
    const runs = [slots.run(first.work, signal), slots.run(() => Promise.reject(new Error('begun')), given.signal)];
    const last = slots.run(third.work, signal);
    first.end();
    given.abort();
    third.end();
    expect(await Promise.all([...runs, last])).toEqual(['done', undefined, 'done']);
  });
});
