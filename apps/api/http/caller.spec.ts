import { describe, expect, it } from '@jest/globals';
import { callerOf, requestIdOf } from './caller.js';

describe('callerOf', () => {
  it('carries what the request says', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const headers = { 'idempotency-key': 'k 1', 'x-request-id': 'r', traceparent };
    expect(callerOf(headers, 'grace')).toEqual({
      actor: 'grace',
      idempotencyKey: 'k 1',
      correlationId: 'r',
      traceparent,
    });
  });

  it('carries nothing where nothing is said, and no malformed trace', () => {
    expect(callerOf({ traceparent: '00-zz-b7ad6b7169203331-01' }, 'local')).toEqual({
      ...{ actor: 'local', idempotencyKey: undefined, correlationId: undefined, traceparent: undefined },
    });
  });

  it.each([
    ['idempotency-key', ''],
    ['idempotency-key', 'k'.repeat(256)],
    ['idempotency-key', 'schlüssel'],
    ['x-request-id', 'r'.repeat(129)],
    ['x-request-id', 'a\tb'],
  ])('refuses %s %p', (name, value) => {
    expect(() => callerOf({ [name]: value }, 'local')).toThrow(/invalid_request: header/);
  });
});

describe('requestIdOf', () => {
  it("is the caller's own, or a new one", () => {
    const generate = () => 'new';
    expect(requestIdOf({ 'x-request-id': 'mine' }, generate)).toBe('mine');
    expect(requestIdOf({ 'x-request-id': 'ü' }, generate)).toBe('new');
    expect(requestIdOf({}, generate)).toBe('new');
  });
});
