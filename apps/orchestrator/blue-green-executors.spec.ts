import { describe, expect, it } from '@jest/globals';
import type { ServingMember } from '#libs/contracts/index.js';
import type { BlueGreenProcessCommand, DeploymentCommand } from '#libs/domain/index.js';
import { accept, reject, systemClock } from '#libs/kernel/index.js';
import type { PrepareOutcome } from '#libs/nest/index.js';
import type { ExecutionMeta } from '#libs/processing/index.js';
import { blueGreenExecutors, type BlueGreenExecutorsOptions } from './blue-green-executors.js';

const deployment = 'churn';
const [rollout_id, other] = ['0e0e0e0e-0000-4000-8000-000000000001', '0e0e0e0e-0000-4000-8000-000000000002'] as const;
const place = (id: string, prepared = true) => ({ rollout_id: id, model: 'm', version: '2.0.0', prepared });
const goLive = { type: 'GoLive', deployment, rollout_id } as const;
const goLiveOrGiveUp = { ...goLive, type: 'GoLiveOrGiveUp', load_timeout_s: 30 } as const;
const meta: ExecutionMeta = {
  ...{ process: 'blue-green', id: rollout_id, commandId: 'c', correlationId: 'k', causationId: 'e' },
  signal: new AbortController().signal,
};

const loaded = (instance: string): PrepareOutcome => ({ status: 'loaded', instance, load_ms: 2, warmed: 3 });
const failed = (code: string): PrepareOutcome => ({
  status: 'failed',
  instance: 'serving-1',
  code,
  reason: 'it is bad',
});

const unanswered = (reason: string): PrepareOutcome => ({ status: 'unanswered', reason });

interface Given {
  readonly pending?: ReturnType<typeof place> | null;
  readonly live?: ReturnType<typeof place> | null;
  readonly archived?: boolean;
  readonly answers?: Readonly<Record<string, PrepareOutcome>>;
  /** What the deployment says to the settlement; accepts it by default. */
  readonly refusal?: string;
  readonly command?: Extract<BlueGreenProcessCommand, { type: 'GoLive' | 'GoLiveOrGiveUp' }>;
}

/** What the executor answers, and what it asked of the deployment. */
async function executed({
  pending = place(rollout_id),
  live = null,
  archived = false,
  answers,
  refusal,
  command = goLive,
}: Given) {
  const asked: DeploymentCommand[] = [];
  const aggregates = {
    recorded: () => Promise.resolve(undefined),
    load: ({ category }: { category: string }) =>
      Promise.resolve(
        category === 'deployment'
          ? { state: { pending, live }, seq: 40 }
          : { state: { versions: [{ version: '2.0.0', archived, signature: 's' }], signatures: { s: {} } }, seq: 7 },
      ),
    execute: (_definition: unknown, _id: string, command: DeploymentCommand) => {
      asked.push(command);
      return Promise.resolve(
        refusal === undefined ? accept({ seq: 41, event: {} }) : reject({ code: refusal, detail: 'no', as_of_seq: 41 }),
      );
    },
  };
  const outcomes = answers ?? { 'serving-0': loaded('serving-0'), 'serving-1': loaded('serving-1') };
  const executors = blueGreenExecutors({
    aggregates: aggregates as unknown as BlueGreenExecutorsOptions['aggregates'],
    listMembers: () => Promise.resolve(Object.keys(outcomes).map((instance) => ({ instance }) as ServingMember)),
    prepare: (instance) => Promise.resolve(outcomes[instance]!),
    clock: systemClock,
  });
  const outcome = await (command.type === 'GoLive'
    ? executors.GoLive(command, meta)
    : executors.GoLiveOrGiveUp(command, meta));
  return { outcome, asked };
}

describe('going live', () => {
  it('needs every process that is there to have the version', async () => {
    const { outcome, asked } = await executed({});
    expect(outcome).toEqual({ status: 'accepted', seq: 41, result: {} });
    const instances = ['serving-0', 'serving-1'].map((instance) => ({ instance, load_ms: 2, warmed: 3 }));
    expect(asked).toEqual([{ type: 'MarkLive', deployment, rollout_id, instances }]);
  });

  it.each<[string, PrepareOutcome]>([
    ['is silent', unanswered('timeout')],
    ['does not know of it yet', failed('rollout_not_in_progress')],
  ])('waits for a process that %s', async (_what, answer) => {
    const answers = { 'serving-0': loaded('serving-0'), 'serving-1': answer };
    await expect(executed({ answers })).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('waits where no process is there at all', async () => {
    await expect(executed({ answers: {} })).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('waits no longer when its time is over: the rollout fails, and names who is silent', async () => {
    const answers = {
      ...{ 'serving-0': loaded('serving-0'), 'serving-1': unanswered('no responders') },
      'serving-2': unanswered('timeout'),
    };
    const { outcome, asked } = await executed({ answers, command: goLiveOrGiveUp });
    expect(outcome).toEqual({ status: 'accepted', seq: 41, result: {} });
    const says = (what: string): string => `does not say that it holds the version: ${what}`;
    const silent = `serving-1 ${says('no responders')}, serving-2 ${says('timeout')}`;
    const reason = `prepared, and not live within 30 s: ${silent}`;
    expect(asked).toEqual([{ type: 'MarkFailed', deployment, rollout_id, code: 'load_timeout', reason }]);
    expect((await executed({ answers: {}, command: goLiveOrGiveUp })).asked).toMatchObject([
      { type: 'MarkFailed', code: 'no_serving_instance' },
    ]);
  });

  it('still moves traffic at the last moment where all have it, and fails for what a process says of the version', async () => {
    expect((await executed({ command: goLiveOrGiveUp })).asked).toMatchObject([{ type: 'MarkLive' }]);
    const answers = { 'serving-0': unanswered('no responders'), 'serving-1': failed('model_cannot_load') };
    expect((await executed({ answers, command: goLiveOrGiveUp })).asked).toMatchObject([{ code: 'model_cannot_load' }]);
  });

  it('fails the rollout where a process cannot load it, or it was archived meanwhile', async () => {
    const answers = { 'serving-0': loaded('serving-0'), 'serving-1': failed('model_cannot_load') };
    const reason = 'serving-1: it is bad';
    expect((await executed({ answers })).asked).toEqual([
      { type: 'MarkFailed', deployment, rollout_id, code: 'model_cannot_load', reason },
    ]);
    expect((await executed({ archived: true })).asked).toMatchObject([{ code: 'version_archived' }]);
  });

  it('asks nobody where it is not prepared, or is over', async () => {
    for (const [pending, code] of [
      [place(rollout_id, false), 'rollout_in_progress'],
      [place(other), 'rollout_not_in_progress'],
      [null, 'rollout_not_in_progress'],
    ] as const)
      expect(await executed({ pending })).toMatchObject({ outcome: { status: 'rejected', code }, asked: [] });
  });

  it('is done where another command of the same rollout did it: its process goes on', async () => {
    expect(await executed({ pending: null, live: place(rollout_id) })).toEqual({
      ...{ outcome: { status: 'accepted', seq: 40, result: {} }, asked: [] },
    });
  });

  it('is tried again where the version was cut off after it was asked about', async () => {
    await expect(executed({ refusal: 'version_cut_off' })).rejects.toMatchObject({ code: 'version_cut_off' });
    expect((await executed({ refusal: 'rollout_not_in_progress' })).outcome).toMatchObject({ status: 'rejected' });
  });
});
