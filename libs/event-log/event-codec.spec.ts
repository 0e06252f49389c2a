import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { decodeBody, decodeEnvelope, encodeEvent, genesisHash, hashOfMessage } from './event-codec.js';
import { InvalidEvent } from './errors.js';
import type { StreamMessage } from './stream-store.js';
import { catalogueOf, defineEvent, hashedHeaders, header, type CommandMeta } from '#libs/contracts/index.js';
import { canonicalJson, eventIdOf, sha256Hex } from '#libs/kernel/index.js';

const Noted = defineEvent('Noted', z.object({ text: z.string(), rank: z.number().default(1) }));
const catalogue = catalogueOf([Noted]);
const meta: CommandMeta = {
  commandId: '7d2f0c0e-3c55-5b0e-9d3d-0c9c6a2f8f11',
  digest: sha256Hex('body'),
  actor: 'Zoë 東',
  correlationId: 'c-1',
  at: '2026-11-23T10:00:00.000Z',
};
const place = { subject: 'evt.note.a', aggregateVersion: 1, previousHash: genesisHash };
const noted = (text: string) => ({ type: 'Noted', data: { text, rank: 2 } });

const stored = (message: ReturnType<typeof encodeEvent>['message']): StreamMessage => ({
  seq: 7,
  time: 1_000,
  subject: message.subject,
  headers: new Map(Object.entries(message.headers)),
  data: message.data,
});

describe('event codec', () => {
  it('hashes the previous hash and the canonical form of data and the allowed headers', () => {
    const previousHash = sha256Hex('before');
    const { message, hash, id } = encodeEvent(catalogue, noted('ü'), meta, { ...place, previousHash });
    const headers = Object.fromEntries(
      hashedHeaders.flatMap((name) => (message.headers[name] === undefined ? [] : [[name, message.headers[name]]])),
    );
    expect(hash).toBe(sha256Hex(previousHash + canonicalJson({ headers, data: noted('ü').data })));
    expect(message.headers[header.hash]).toBe(hash);
    expect(hashOfMessage(stored(message))).toBe(hash);
    expect(id).toBe(eventIdOf(meta.commandId));
    expect(message.messageId).toBe(id);
  });

  it('gives the event back', () => {
    const message = stored(encodeEvent(catalogue, noted('ü'), meta, place).message);
    const envelope = decodeEnvelope(message);
    if (!envelope.ok) throw new Error(envelope.rejection);
    expect(envelope.value).toMatchObject({ seq: 7, storedAt: 1_000, type: 'Noted', eventVersion: 1, meta });
    expect(decodeBody(catalogue, envelope.value, message)).toEqual({ ok: true, value: noted('ü') });
  });

  it('hands out the event as a later reader will see it', () => {
    const event = { type: 'Noted', data: { text: 'a', rank: undefined } };
    expect(encodeEvent(catalogue, event, meta, place).event).toEqual({ type: 'Noted', data: { text: 'a', rank: 1 } });
  });

  it.each([
    ['a type outside the catalogue', { type: 'Other', data: {} }, meta],
    ['data its schema refuses', { type: 'Noted', data: { text: 7 } }, meta],
    ['a number JSON does not have', { type: 'Noted', data: { text: 'a', rank: NaN } }, meta],
    ['an actor that would break its header', noted('a'), { ...meta, actor: 'a\r\nX: y' }],
    ['an actor that would come back trimmed', noted('a'), { ...meta, actor: ' a' }],
    ['an empty header', noted('a'), { ...meta, correlationId: '' }],
    ['a position that no reader takes', noted('a'), { ...meta, configSeq: 0 }],
  ])('refuses %s', (_what, event, itsMeta) => {
    expect(() => encodeEvent(catalogue, event, itsMeta, place)).toThrow(InvalidEvent);
  });

  it.each([
    ['a missing header', header.commandDigest, undefined, /Command-Digest/],
    ['a version that is no number', header.aggregateVersion, 'two', /Aggregate-Version is 'two'/],
    ['a version of zero', header.eventVersion, '0', /Event-Version is '0'/],
    ['another subject', header.subject, 'evt.note.b', /evt\.note\.b/],
    ['an id that does not follow from the command', header.id, 'x', /ce-id/],
  ])('says what is wrong with an envelope that has %s', (_what, name, value, words) => {
    const message = stored(encodeEvent(catalogue, noted('a'), meta, place).message);
    const headers = new Map(message.headers);
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
    const envelope = decodeEnvelope({ ...message, headers });
    expect(envelope.ok ? '' : envelope.rejection).toMatch(words);
  });

  it('takes an upcaster that fails, and a body that is not JSON, for malformed', () => {
    const broken = defineEvent('Noted', z.object({}), [
      () => {
        throw new Error('never stored like this');
      },
    ]);
    const message = stored(encodeEvent(catalogue, noted('a'), meta, place).message);
    const envelope = decodeEnvelope(message);
    if (!envelope.ok) throw new Error(envelope.rejection);
    for (const result of [
      decodeBody(catalogueOf([broken]), envelope.value, message),
      decodeBody(catalogue, envelope.value, { ...message, data: Buffer.from('{') }),
    ])
      expect(result).toMatchObject({ ok: false, rejection: { code: 'malformed_event' } });
  });
});
