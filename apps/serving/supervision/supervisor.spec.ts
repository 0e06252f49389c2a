import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { DeploymentEvent, ServingMember } from '#libs/contracts/index.js';
import type { DeploymentCommand } from '#libs/domain/index.js';
import { accept, randomIds, reject, systemClock } from '#libs/kernel/index.js';
import { until } from '#tests/support/wait.js';
import { ServingSupervisor, type ServingSupervisorOptions } from './supervisor.js';

const rollout_id = '0e0e0e0e-0000-4000-8000-000000000001';
const requested: DeploymentEvent = {
  type: 'DeploymentRequested',
  data: {
    ...{ deployment: 'd', rollout_id, model: 'm', version: '1.0.0', environment: 'development', artifact: 'sha256:0' },
    ...{ strategy: { type: 'direct' }, recording: 'acknowledged', model_seq: 1, load_timeout_s: 60 },
    signature: { inputs: [], outputs: [], features: [] },
  },
};

describe('a serving supervisor', () => {
  it('asks again where a version was cut off after every process said that it has it', async () => {
    const asked: DeploymentCommand[] = [];
    const stopping = new AbortController();
    async function* follow() {
      yield [
        {
          ...{ seq: 1, storedAt: systemClock.now(), subject: 's', id: 'e', event: requested, eventVersion: 1 },
          ...{ aggregateVersion: 1, previousHash: '', hash: '' },
          meta: { commandId: 'c', digest: 'd', actor: 'local', correlationId: 'c', at: '' },
        },
      ];
      // No further event comes that would have it look again.
      await once(stopping.signal, 'abort');
    }
    const supervisor = new ServingSupervisor({
      events: { follow, head: () => Promise.resolve({ lastSeq: 1 }) } as unknown as ServingSupervisorOptions['events'],
      aggregates: {
        load: () => Promise.resolve({ state: { versions: [] }, seq: 1 }),
        execute: (_definition: unknown, _id: string, command: DeploymentCommand) => {
          asked.push(command);
          return Promise.resolve(
            command.type === 'MarkLive'
              ? reject({ code: 'version_cut_off', detail: 'processes died of it', as_of_seq: 2 })
              : accept({ seq: 3, event: { type: 'DeploymentFailed' } }),
          );
        },
      } as unknown as ServingSupervisorOptions['aggregates'],
      listMembers: () => Promise.resolve([{ instance: 'serving-0' } as ServingMember]),
      prepare: (instance) =>
        Promise.resolve(
          asked.length === 0
            ? { status: 'loaded', instance, load_ms: 1 }
            : { status: 'failed', instance, code: 'version_cut_off', reason: '3 serving processes died of it' },
        ),
      ...{ clock: systemClock, ids: randomIds, logger: pino({ level: 'silent' }) },
    });
    supervisor.start();
    await until(() => asked.length === 2, { what: 'the settlement' });
    expect(asked).toMatchObject([{ type: 'MarkLive' }, { type: 'MarkFailed', code: 'version_cut_off' }]);
    stopping.abort();
    await supervisor.stop();
  });
});
