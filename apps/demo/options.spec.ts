import { describe, expect, it } from '@jest/globals';
import { DemoFailed } from './demo-failed.js';
import { readOptions } from './options.js';

describe('options of the demo', () => {
  it('leave the platform running, unless told otherwise or nobody could stop it', () => {
    expect(readOptions([], true)).toEqual({ fast: false, exit: false, help: false });
    expect(readOptions(['--fast'], true)).toEqual({ fast: true, exit: false, help: false });
    expect(readOptions(['--fast', '--exit'], true).exit).toBe(true);
    expect(readOptions([], false).exit).toBe(true);
  });

  it('name an argument that is none', () => {
    expect(() => readOptions(['--fats'], true)).toThrow(DemoFailed);
    expect(() => readOptions(['--fats'], true)).toThrow('unknown argument --fats');
  });
});
