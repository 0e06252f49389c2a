import { describe, expect, it } from '@jest/globals';
import { errors as natsErrors, headers, type Msg } from '@nats-io/nats-core';
import { StreamConflict, StreamRefused, StreamUnavailable } from './errors.js';
import { asLogError, asPublishError, consumedMessage, headersOf } from './jetstream-api.js';

describe('a refused publish', () => {
  it.each([
    ['10071: another message is the last', 400, 10071, 'wrong last sequence: 41', 41],
    ['10164: another message is in flight', 400, 10164, 'wrong last sequence', undefined],
    ['10158: the same message is in flight', 409, 10158, 'duplicate message id is in process', undefined],
  ])('%s: StreamConflict', (_what, code, err_code, description, lastSeq) => {
    const expected = { expectedLastSubjectSeq: 40, expectedLastSeq: 57 };
    const error = asPublishError({ code, err_code, description }, { subject: 'evt.a.b', ...expected });
    expect(error).toBeInstanceOf(StreamConflict);
    expect(error).toMatchObject({ subject: 'evt.a.b', expected, lastSeq });
    expect(error.message).toContain('expected last sequence 40 and 57 of the stream, found');
  });

  it.each([
    ['insufficient storage', 503, 10047, StreamUnavailable],
    ['too many requests', 429, 10167, StreamUnavailable],
    ['message size exceeds maximum allowed', 400, 10054, StreamRefused],
    ['an invalid configuration', 500, 10052, StreamRefused],
  ])('%s: by what the server may do later', (description, code, err_code, type) => {
    expect(asPublishError({ code, err_code, description }, { subject: 'evt.a.b' })).toBeInstanceOf(type);
  });
});

describe('what the client library throws', () => {
  const cases: readonly (readonly [string, Error, string])[] = [
    ['a time-out', new natsErrors.TimeoutError(), 'stream_timeout'],
    ['nobody there', new natsErrors.NoRespondersError('a'), 'stream_unavailable'],
    [
      'nobody there, as a cause',
      new natsErrors.RequestError('', { cause: new natsErrors.NoRespondersError('a') }),
      'stream_unavailable',
    ],
    ['a closed connection', new natsErrors.ClosedConnectionError(), 'stream_unavailable'],
    ['a payload too large', new natsErrors.InvalidArgumentError('max_payload'), 'stream_refused'],
    ['a connection that broke on the way', new natsErrors.RequestError('connection closed'), 'stream_timeout'],
  ];
  it.each(cases)('%s', (_what, thrown, code) => {
    expect(asLogError(thrown, 'publish')).toMatchObject({ code, cause: thrown });
  });
});

describe('headers of a message', () => {
  const block = Buffer.from('NATS/1.0\r\nA: Grüße: x\r\nNats-Num-Pending: 3\r\n\r\n', 'utf8');
  const whole = Buffer.concat([Buffer.alloc(5), block, Buffer.from('body')]);
  const message = (changes: object): Msg =>
    ({ subject: 'a', reply: 'r', data: whole.subarray(whole.length - 4), ...changes }) as unknown as Msg;

  it('are read from the bytes before its data', () => {
    const { status, values } = headersOf(message({ size: () => block.length + 4 + 2 }));
    expect(status).toBe(0);
    expect(Object.fromEntries(values)).toEqual({ A: 'Grüße: x', 'Nats-Num-Pending': '3' });
  });

  it('say what the server has to say', () => {
    const text = Buffer.from('NATS/1.0 409 Consumer Deleted\r\n\r\n');
    const parsed = headersOf(message({ data: text.subarray(text.length), size: () => text.length + 2 }));
    expect(parsed).toMatchObject({ status: 409, description: 'Consumer Deleted' });
  });

  it('are taken from the library where the bytes are not what they should be', () => {
    const own = headers();
    own.set('A', 'b');
    for (const size of [undefined, () => 9, () => 1_000_000])
      expect(Object.fromEntries(headersOf(message({ size, headers: own })).values)).toEqual({ A: 'b' });
  });
});

describe('a consumed message', () => {
  it.each([
    '$JS.ACK.S.C.1.17.1.1795428000123456789.0',
    '$JS.ACK.hub.HASH.S.C.1.17.1.1795428000123456789.0',
    '$JS.ACK.hub.HASH.S.C.1.17.1.1795428000123456789.0.token',
  ])('has its place in its reply subject: %s', (reply) => {
    const message = { subject: 'a', reply, data: new Uint8Array() } as unknown as Msg;
    expect(consumedMessage(message, new Map())).toMatchObject({ seq: 17, time: 1_795_428_000_123 });
  });
});
