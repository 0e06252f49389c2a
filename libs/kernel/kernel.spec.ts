import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, idSource, nameOf, nearNames, uuidv5 } from './index.js';

describe('uuidv5', () => {
  it('gives the example of RFC 9562, appendix A.4', () => {
    expect(uuidv5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });
});

describe('idSource', () => {
  it('puts the instant of RFC 9562, appendix A.6 in front, so that ids sort by time', () => {
    const ids = idSource((size) => new Uint8Array(size).fill(0xff));
    expect(ids.next(0x017f22e279b0)).toBe('017f22e2-79b0-7fff-bfff-ffffffffffff');
  });
});

describe('nameOf', () => {
  it('never gives two lists of parts the same name', () => {
    expect(nameOf('ab', 'c')).not.toBe(nameOf('a', 'bc'));
    expect(nameOf('a', '1:b')).not.toBe(nameOf('a1:', 'b'));
  });
});

describe('nearNames', () => {
  it('are nearest first, at most three, and none that is far', () => {
    const known = ['max_leaves', 'max_depth', 'max_bins', 'max_iter', 'l2'];
    expect(nearNames('max_leafs', known)[0]).toBe('max_leaves');
    expect(nearNames('depth', known)).toEqual(['max_depth']);
    expect(nearNames('MAX-BINS', known)[0]).toBe('max_bins');
    expect(nearNames('l-2', ['l', 'l2_reg', 'l2'])[0]).toBe('l2');
    expect(nearNames('max', known)).toHaveLength(3);
    expect(nearNames('objective', known)).toEqual([]);
    expect(nearNames('labell', ['a', 'label'])).toEqual(['label']);
  });
});

describe('canonicalJson', () => {
  it('sorts members and prints numbers as the example of RFC 8785, section 3.2.2', () => {
    const value = {
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}',
    );
  });
  it('leaves undefined members out and refuses what JSON cannot hold', () => {
    expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}');
    expect(() => canonicalJson({ a: NaN })).toThrow('NaN is not a JSON number');
    expect(() => canonicalJson('\ud800')).toThrow('lone surrogate');
    for (const value of [new Date(0), new Map([['a', 1]]), new Set([1]), new Uint8Array(1), () => 1, 1n])
      expect(() => canonicalJson({ a: value })).toThrow(TypeError);
  });
  it('gives what JSON.parse gives back, members in any order and __proto__ among them', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"a":2},"a":3}'))).toBe('{"__proto__":{"a":2},"a":3,"b":1}');
    expect(canonicalJson([, 1, undefined])).toBe('[null,1,null]');
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const form = canonicalJson(value);
        expect(canonicalJson(JSON.parse(form))).toBe(form);
        expect(JSON.parse(form)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});
