import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chooseRelease, type Candidate, type CandidateHolder } from './choose-release.js';

const holder = (given: Partial<CandidateHolder> = {}): CandidateHolder => ({
  ...{ place: 'live', kept: false, pendingRows: 0, usedAt: 1 },
  ...given,
});

const session = (bytes: number, ...holders: Partial<CandidateHolder>[]): Candidate => ({
  bytes,
  holders: holders.map(holder),
});

describe('what is let go of', () => {
  it('formers first, then live versions, the least recently used first, and no more than is needed', () => {
    const [former, newFormer, old, recent] = [
      session(10, { place: 'former', usedAt: 5 }),
      session(10, { place: 'former', usedAt: 6 }),
      session(10, { usedAt: 1 }),
      session(10, { usedAt: 2 }),
    ];
    const all = [recent, newFormer, old, former];
    expect(chooseRelease(all, 10, 50)).toEqual([]);
    expect(chooseRelease(all, 11, 50)).toEqual([former]);
    expect(chooseRelease(all, 21, 50)).toEqual([former, newFormer]);
    expect(chooseRelease(all, 31, 50)).toEqual([former, newFormer, old]);
    expect(chooseRelease(all, 99, 50)).toEqual([former, newFormer, old, recent]);
  });

  it.each([
    ['pending', { place: 'pending' }],
    ['kept for a rollback', { place: 'former', kept: true }],
    ['one that is being loaded', { pendingRows: null }],
  ] as const)('never what is %s, even where it shares its session with others', (_what, must) => {
    expect(chooseRelease([session(10, { place: 'former' }, must)], 10, 5)).toEqual([]);
  });

  it('what has rows under way goes behind what has none, of formers and of live versions', () => {
    const [idle, busy, former, busyFormer] = [
      session(10, { usedAt: 9 }),
      session(10, { usedAt: 1, pendingRows: 3 }),
      session(10, { place: 'former', usedAt: 9 }),
      session(10, { place: 'former', usedAt: 8 }, { place: 'former', usedAt: 1, pendingRows: 1 }),
    ];
    const all = [idle, busy, former, busyFormer];
    expect(chooseRelease(all, 10, 40)).toEqual([former]);
    expect(chooseRelease(all, 20, 40)).toEqual([former, busyFormer]);
    expect(chooseRelease(all, 30, 40)).toEqual([former, busyFormer, idle]);
    expect(chooseRelease(all, 40, 40)).toEqual([former, busyFormer, idle, busy]);
  });

  it('a session that several share: as live as any of them, used when the last of them was', () => {
    const shared = session(10, { place: 'former', usedAt: 1 }, { usedAt: 9 });
    const alone = session(10, { usedAt: 5 });
    expect(chooseRelease([shared, alone], 1, 20)).toEqual([alone]);
  });

  it('a small one stays where the next one alone makes room', () => {
    const small = session(256, { usedAt: 1 });
    const [large, larger] = [session(4096, { usedAt: 2 }), session(8192, { usedAt: 3 })];
    expect(chooseRelease([small, large, larger], 4096, 256 + 4096 + 8192)).toEqual([large]);
  });

  it('of several that are needless the most recently used stays', () => {
    const [old, recent] = [session(10, { place: 'former', usedAt: 1 }), session(10, { usedAt: 2 })];
    const large = session(25, { usedAt: 3 });
    expect(chooseRelease([old, recent, large], 30, 45)).toEqual([old, large]);
  });

  it('whatever is held: enough goes, if enough may go, nothing needlessly, and nothing that must stay', () => {
    const holders = fc.array(
      fc.record({
        place: fc.constantFrom('live', 'former', 'pending'),
        kept: fc.boolean(),
        pendingRows: fc.option(fc.nat({ max: 1 })),
        usedAt: fc.nat(),
      }),
      { minLength: 1, maxLength: 3 },
    );
    const sessions = fc.array(fc.record({ bytes: fc.oneof(fc.nat({ max: 100 }), fc.constantFrom(10, 40)), holders }), {
      maxLength: 8,
    });
    const mayGo = ({ holders: all }: Candidate) =>
      [...all].every(({ place, kept, pendingRows }) => place !== 'pending' && !kept && pendingRows !== null);
    const isLive = ({ holders: all }: Candidate) => [...all].some(({ place }) => place === 'live');
    const isBusy = ({ holders: all }: Candidate) => [...all].some(({ pendingRows }) => pendingRows !== 0);
    const usedAt = ({ holders: all }: Candidate) => Math.max(...Array.from(all, (each) => each.usedAt));
    const goesBefore = (one: Candidate, other: Candidate) => {
      if (isLive(one) !== isLive(other)) return isLive(other);
      return isBusy(one) === isBusy(other) ? usedAt(one) < usedAt(other) : isBusy(other);
    };
    const sum = (some: readonly Candidate[]) => some.reduce((bytes, each) => bytes + each.bytes, 0);
    fc.assert(
      fc.property(sessions, fc.nat({ max: 100 }), fc.nat({ max: 500 }), (all, bytes, maxBytes) => {
        const chosen = chooseRelease(all, bytes, maxBytes);
        expect(chosen.every(mayGo)).toBe(true);
        const left = sum(all) - sum(chosen) + bytes;
        expect(left <= maxBytes || chosen.length === all.filter(mayGo).length).toBe(true);
        if (left <= maxBytes) for (const each of chosen) expect(left + each.bytes).toBeGreaterThan(maxBytes);
        // Among those that take as much, no one stays that is to go before one that goes.
        const stays = all.filter((each) => mayGo(each) && !chosen.includes(each));
        for (const gone of chosen)
          for (const kept of stays) if (kept.bytes === gone.bytes) expect(goesBefore(kept, gone)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
