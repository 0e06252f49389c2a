import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Role } from '#libs/contracts/index.js';
import { signToken } from '#libs/nest/index.js';
import { makeFolder } from '#tests/support/run-folder.js';
import { fixture, startApiWorld, type Answer, type ApiWorld } from '../api/api-world.js';

const secret = 'registry-tests: a secret of more than 32 characters';

/** Seconds that an approval for production counts: the policy's margin of 10, and a moment to promote in. */
export const approvalValidS = 16;

/** Staging takes an evaluation on validation; production one approval by somebody else, and no other features. */
const policy = `
registry:
  promotion:
    staging:
      evidence: { evaluation_on: [validation] }
    production:
      approvals: 1
      approval_valid_h: ${approvalValidS / 3600}
      evidence: { compatible_signature: true }
`;

/** Calls as one actor. */
export interface Client {
  get(path: string): Promise<Answer>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  put(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  delete(path: string, headers?: Record<string, string>): Promise<Answer>;
}

/** The api with authentication and a policy; anna and ben register, grace and hugo approve, otto operates. */
export interface RegistryWorld extends ApiWorld {
  readonly anna: Client;
  readonly ben: Client;
  readonly grace: Client;
  readonly hugo: Client;
  readonly otto: Client;
  readonly vera: Client;
  /** Registers a version as anna, of the wine forest where nothing else is said. @returns its version and sequence */
  readonly register: (name: string, body?: object) => Promise<{ version: string; seq: number }>;
  /** Takes a version to staging or production as the policy wants it. @returns the sequence of the last promotion */
  readonly promote: (name: string, version: string, to: 'staging' | 'production') => Promise<number>;
}

export async function startRegistryWorld(): Promise<RegistryWorld> {
  const folder = makeFolder('registry-config');
  writeFileSync(join(folder, 'pipeline_config.yaml'), policy);
  const tokenOf = (actor: string, ...roles: Role[]): Promise<string> =>
    signToken({ actor, roles, secret, now: Date.now(), validForS: 3_600 });
  const world = await startApiWorld({
    env: { MODELOG_AUTH_SECRET: secret, MODELOG_CONFIG_DIR: folder },
    token: await tokenOf('root', 'admin'),
  });
  const client = async (actor: string, ...roles: Role[]): Promise<Client> => {
    const authorization = `Bearer ${await tokenOf(actor, ...roles)}`;
    return {
      get: (path) => world.request('GET', path, { headers: { authorization } }),
      post: (path, body, headers = {}) => world.post(path, body, { authorization, ...headers }),
      put: (path, body, headers = {}) => world.put(path, body, { authorization, ...headers }),
      delete: (path, headers = {}) => world.request('DELETE', path, { headers: { authorization, ...headers } }),
    };
  };
  const [anna, ben] = [await client('anna', 'scientist'), await client('ben', 'scientist')];
  const [grace, hugo] = [await client('grace', 'approver'), await client('hugo', 'approver')];
  const [otto, vera] = [await client('otto', 'operator'), await client('vera', 'viewer')];

  let forest: string | undefined;
  const register: RegistryWorld['register'] = async (name, body = {}) => {
    forest ??= await world.upload(fixture('forest-plain/model.onnx'));
    const answer = await anna.post('/api/models', { name, artifact: forest, ...body });
    if (answer.status !== 201) throw new Error(`register ${name}: ${answer.status} ${answer.text}`);
    return { version: String(answer.body.version), seq: Number(answer.body.seq) };
  };
  const seqOf = async (call: Promise<Answer>): Promise<number> => {
    const { status, text, body } = await call;
    if (status >= 300) throw new Error(text);
    return Number(body.seq);
  };
  const promote: RegistryWorld['promote'] = async (name, version, to) => {
    const path = `/api/models/${name}`;
    await seqOf(anna.post(`${path}/versions/${version}/evaluations`, { dataset: 'validation', metrics: {} }));
    const staged = await seqOf(otto.put(`${path}/promote`, { version, to: 'staging', reason: 'tried' }));
    if (to === 'staging') return staged;
    await seqOf(grace.post(`${path}/versions/${version}/approval`, { decision: 'approve', reason: 'looked' }));
    return seqOf(otto.put(`${path}/promote`, { version, to, reason: 'released' }));
  };
  return Object.assign(Object.create(world) as ApiWorld, { anna, ben, grace, hugo, otto, vera, register, promote });
}
