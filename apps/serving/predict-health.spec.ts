import { describe, expect, it } from '@jest/globals';
import type { FleetAnswer } from '#libs/nest/index.js';
import type { ProcessHealth } from './control/health.js';
import { mergeHealth, predictHealth } from './predict-health.js';

type DeploymentHealth = ProcessHealth['deployments'][number];

const version = (name: string, more: Partial<DeploymentHealth['versions'][number]> = {}) => ({
  ...{ model: 'wine', version: name, role: 'live', weight: 1, loaded: true, ...more },
});
const cellar = (more: Partial<DeploymentHealth> = {}): DeploymentHealth => ({
  ...{ deployment: 'cellar', versions: [version('1.0.0')], last_error: null, ...more },
});
const process = (
  instance: string,
  routing_seq: number,
  deployments: DeploymentHealth[],
): FleetAnswer<ProcessHealth> => ({
  instance,
  answer: { instance, routing_seq, deployments },
});

describe('the health of all serving processes', () => {
  it('is that of the least of those that answer; the others are silent', () => {
    const pending = version('2.0.0', { role: 'pending', weight: 0, loaded: false });
    const told = mergeHealth([
      { instance: 'serving-2', reason: 'timeout' },
      process('serving-1', 9, [cellar({ versions: [version('1.0.0'), { ...pending, loaded: true }] })]),
      process('serving-0', 7, [cellar({ versions: [version('1.0.0'), pending] })]),
    ]);
    expect(told).toEqual({
      routing_seq: 7,
      processes: [
        { instance: 'serving-0', routing_seq: 7, state: 'serving' },
        { instance: 'serving-1', routing_seq: 9, state: 'serving' },
        { instance: 'serving-2', routing_seq: null, state: 'silent' },
      ],
      deployments: [
        {
          deployment: 'cellar',
          versions: [
            { ...version('1.0.0'), loaded: true, loaded_by: 2 },
            { ...pending, loaded: false, loaded_by: 1 },
          ],
          last_error: null,
        },
      ],
    });
  });

  it('has not loaded what a process does not even know', () => {
    const { deployments } = mergeHealth([process('serving-0', 7, [cellar()]), process('serving-1', 3, [])]);
    expect(deployments[0]!.versions).toEqual([{ ...version('1.0.0'), loaded: false, loaded_by: 1 }]);
  });

  it('tells the latest error, and whose it is', () => {
    const failed = (at: string) => ({ at, code: 'artifact_damaged', detail: 'rotten' });
    const { deployments } = mergeHealth([
      process('serving-0', 7, [cellar({ last_error: failed('2026-11-23T12:00:00.000Z') })]),
      process('serving-1', 7, [cellar({ last_error: failed('2026-11-23T12:00:01.000Z') })]),
      process('serving-2', 7, [cellar()]),
    ]);
    expect(deployments[0]!.last_error).toEqual({ ...failed('2026-11-23T12:00:01.000Z'), instance: 'serving-1' });
  });

  it('is that of the process itself, told once, when it is listed and when nobody can be', async () => {
    const own = (): ProcessHealth => ({ instance: 'serving-0', routing_seq: 8, deployments: [] });
    const states = async (ask: () => Promise<never>) =>
      (await predictHealth({ own, fleet: { ask } })).processes.map(({ instance, state }) => `${instance} ${state}`);
    const listed = [{ instance: 'serving-0', reason: 'timeout' }, process('serving-1', 8, [])];
    expect(await states(() => Promise.resolve(listed as never))).toEqual(['serving-0 serving', 'serving-1 serving']);
    expect(await states(() => Promise.reject(new Error('no log')))).toEqual(['serving-0 serving']);
  });
});
