import { expect } from '@jest/globals';
import type { ProblemCode } from '#libs/contracts/index.js';
import type { Answer, ApiWorld } from './api-world.js';

export interface Refusal {
  readonly status: number;
  readonly code: ProblemCode;
  /** Text that the detail must hold. */
  readonly says?: string | RegExp;
  /** Path of one of the errors. */
  readonly path?: string;
}

/** The call is refused as told, as problem+json, and changes nothing: the log ends where it did. */
export async function expectRefused(world: ApiWorld, call: () => Promise<Answer>, refusal: Refusal): Promise<Answer> {
  const before = await world.head();
  const answer = await call();
  expect({ status: answer.status, code: answer.body.code }).toEqual({ status: refusal.status, code: refusal.code });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.body).toMatchObject({ type: `urn:modelog:problem:${refusal.code}`, title: expect.any(String) });
  if (refusal.says !== undefined) expect(answer.body.detail).toMatch(refusal.says);
  if (refusal.path !== undefined)
    expect((answer.body.errors as { path: string }[]).map(({ path }) => path)).toContain(refusal.path);
  expect(await world.head()).toBe(before);
  return answer;
}
