import { describe, expect, it } from '@jest/globals';
import { InvalidArguments, parseArguments, usage } from './arguments.js';
import { cases } from './cases/index.js';

describe('parseArguments', () => {
  it('takes every case by default', () => {
    expect(parseArguments([], cases)).toEqual({ help: false, cases, seconds: 2, blocks: 5, confine: false });
  });

  it('takes the cases named, in the order named', () => {
    const given = parseArguments(['--only', 'onnx', '--only=http', '--seconds', '0.5', '--json', 'x.json'], cases);
    expect(given.cases.map(({ name }) => name)).toEqual(['onnx', 'http']);
    expect(given).toMatchObject({ seconds: 0.5, json: 'x.json' });
    expect(parseArguments(['--confine', '--help'], cases)).toMatchObject({ confine: true, help: true });
  });

  it.each([
    [['--only', 'nothing'], /--only: expected one of http, .*, got "nothing"/],
    [['--seconds', 'x'], /--seconds: expected a number from 0.1 to 600, got "x"/],
    [['--seconds', ''], /--seconds: expected a number .* got ""/],
    [['--blocks', '0'], /--blocks: expected a number from 1 to 100, got "0"/],
    [['--blocks', '1.5'], /--blocks: expected a whole number, got "1.5"/],
    [['--frobnicate'], /--frobnicate/],
    [['http'], /http/],
  ])('refuses %j', (argv, message) => {
    expect(() => parseArguments(argv, cases)).toThrow(InvalidArguments);
    expect(() => parseArguments(argv, cases)).toThrow(message);
  });
});

describe('usage', () => {
  it('names every case, each name once', () => {
    const names = cases.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(usage(cases)).toContain(`\n  ${name} `);
  });
});
