import { describe, expect, it } from '@jest/globals';
import { accept } from '#libs/kernel/index.js';
import { cursorOf, readCursor } from './cursor.js';

const written = (json: string): string => Buffer.from(json).toString('base64url');

describe('readCursor', () => {
  it('reads what cursorOf wrote', () => {
    const cursor = { list: 'models', seq: 23, after: 'wine quality' };
    expect(readCursor('models', cursorOf(cursor))).toEqual(accept(cursor));
  });

  it.each([
    ['U+0000', written(String.raw`["models",23,"a\u0000b"]`)],
    ['a lone surrogate', written(String.raw`["models",23,"a\ud800b"]`)],
    ['another list', cursorOf({ list: 'events', seq: 23, after: '' })],
    ['a broken position', written('["models",-1,"a"]')],
    ['no JSON', 'bm9uZQ'],
  ])('refuses %s', (_what, text) => {
    expect(readCursor('models', text)).toMatchObject({ ok: false, rejection: { code: 'invalid_cursor' } });
  });
});
