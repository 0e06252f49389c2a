import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { controlSubjects } from '#libs/contracts/index.js';
import { ServingFleet, type ServingFleetOptions } from './serving-fleet.js';

const answer = z.object({ rows: z.int() });

type Request = ServingFleetOptions['connection']['request'];
type List = ServingFleetOptions['members']['list'];

const members =
  (...instances: string[]): List =>
  () =>
    Promise.resolve(instances.map((instance) => ({ instance, epoch: 'e', pid: 1, started_at: '' })));

/** What each subject is answered with; an error is one of the connection's. */
function fleetOf(list: List, replies: Readonly<Record<string, string | Error>>) {
  const asked: { subject: string; timeout: number | undefined }[] = [];
  const request = ((subject: string, _data: unknown, options?: { timeout: number }) => {
    asked.push({ subject, timeout: options?.timeout });
    const reply = replies[subject]!;
    return reply instanceof Error ? Promise.reject(reply) : Promise.resolve({ string: () => reply });
  }) as unknown as Request;
  return { asked, fleet: new ServingFleet({ connection: { request }, members: { list }, withinMs: 40 }) };
}

describe('a question to all serving processes', () => {
  it('has one answer for each, by name, and tells why one has none', async () => {
    const { asked, fleet } = fleetOf(members('c', 'a', 'd', 'b'), {
      [controlSubjects.load('a')]: '{"rows":1}',
      [controlSubjects.load('b')]: new Error('timeout'),
      [controlSubjects.load('c')]: '{"rows":"many"}',
      [controlSubjects.load('d')]: 'rows: 4',
    });
    const answers = await fleet.ask('load', answer);
    expect(answers.map(({ instance, answer: told }) => [instance, told])).toEqual([
      ['a', { rows: 1 }],
      ['b', undefined],
      ['c', undefined],
      ['d', undefined],
    ]);
    expect(answers.map(({ reason }) => reason)).toEqual([
      ...[undefined, 'timeout', expect.stringContaining('rows'), expect.stringContaining('JSON')],
    ]);
    expect(asked.map(({ timeout }) => timeout)).toEqual([40, 40, 40, 40]);
  });

  it('is nobody’s where nobody is registered, and fails where nobody can say who is', async () => {
    expect(await fleetOf(members(), {}).fleet.ask('load', answer)).toEqual([]);
    const lost = new Error('no bucket');
    await expect(fleetOf(() => Promise.reject(lost), {}).fleet.ask('load', answer)).rejects.toBe(lost);
    const hangs: List = () => new Promise(() => undefined);
    await expect(fleetOf(hangs, {}).fleet.ask('load', answer)).rejects.toThrow('could not be listed in time');
  });
});
