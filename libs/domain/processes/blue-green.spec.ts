import { describe, expect, it } from '@jest/globals';
import type { DeploymentEvent, Strategy } from '#libs/contracts/index.js';
import { laterBy, type CommandOutcome, type ProcessMessage, type Reaction } from '#libs/kernel/index.js';
import { blueGreenProcess, type BlueGreenProcessCommand, type BlueGreenProcessState } from './blue-green.js';

const start = '2026-11-23T12:00:00.000Z';
const at = (seconds: number): string => laterBy(start, seconds * 1000);
const [former, rollout_id] = ['0e0e0e0e-0000-4000-8000-000000000001', '0e0e0e0e-0000-4000-8000-000000000002'] as const;
const deployment = 'churn';
const served = { deployment, rollout_id, model: 'm', version: '2.0.0' };
const instances = [{ instance: 'serving-0', load_ms: 1 }];

const requested = (strategy: Strategy): DeploymentEvent => ({
  type: 'DeploymentRequested',
  data: {
    ...{ ...served, strategy, environment: 'production', recording: 'acknowledged' },
    artifact: `sha256:${'0'.repeat(64)}`,
    signature: { inputs: [], outputs: [], features: [] },
    ...{ model_seq: 1, load_timeout_s: 60 },
  },
});
const blueGreen = requested({ type: 'blue_green', warmup_requests: 1, keep_old_s: 600 });
const prepared: DeploymentEvent = { type: 'DeploymentPrepared', data: { ...served, instances } };
const wentLive: DeploymentEvent = { type: 'DeploymentWentLive', data: { ...served, instances } };
const failed: DeploymentEvent = { type: 'DeploymentFailed', data: { ...served, code: 'load_timeout', reason: 'late' } };
const place = (id: string, version: string) => ({ rollout_id: id, model: 'm', version });
const rolledBack: DeploymentEvent = {
  type: 'DeploymentRolledBack',
  data: {
    ...{ deployment, from: place(rollout_id, '2.0.0'), to: place(former, '1.0.0') },
    ...{ aborted: null, reason: 'worse' },
  },
};

const goLive: BlueGreenProcessCommand = { type: 'GoLive', deployment, rollout_id };
const goLiveOrGiveUp: BlueGreenProcessCommand = {
  ...{ type: 'GoLiveOrGiveUp', deployment, rollout_id },
  load_timeout_s: 60,
};
const releaseFormer: BlueGreenProcessCommand = { type: 'ReleaseFormer', deployment, rollout_id };
const accepted: CommandOutcome = { status: 'accepted', seq: 9, result: {} };
const refused = (code: string): CommandOutcome => ({ status: 'rejected', code, detail: `because of ${code}` });

/** A process, what it was told, and what it does about the last of it. */
class Story {
  state: BlueGreenProcessState = blueGreenProcess.initialState;
  reaction: Reaction<BlueGreenProcessCommand> | null = null;
  #seq = 0;

  /** @param now seconds from the start */
  told(message: ProcessMessage<DeploymentEvent, BlueGreenProcessCommand>, now = 0): this {
    this.reaction = blueGreenProcess.react(message, this.state, at(now), rollout_id);
    if (this.reaction !== null) this.state = blueGreenProcess.evolve(this.state, message);
    return this;
  }
  event(event: DeploymentEvent, now = 0): this {
    return this.told({ kind: 'event', event, seq: ++this.#seq }, now);
  }
  timer(name: 'look' | 'give_up' | 'keep_old', now: number): this {
    return this.told({ kind: 'timer', name, dueAt: at(now) }, now);
  }
  settled(command: BlueGreenProcessCommand, outcome: CommandOutcome, now = 0): this {
    return this.told({ kind: 'settlement', command, outcome }, now);
  }
}

describe('the process of a blue-green rollout', () => {
  it('is the one of its rollout, and of no other strategy', () => {
    for (const event of [blueGreen, prepared, wentLive, failed]) expect(blueGreenProcess.idOf(event)).toBe(rollout_id);
    expect(blueGreenProcess.idOf(requested({ type: 'direct' }))).toBeNull();
    expect(blueGreenProcess.idOf({ type: 'DeploymentRetired', data: { deployment, reason: 'over' } })).toBeNull();
    // Of a direct rollout it knows no request.
    for (const event of [wentLive, failed]) expect(new Story().event(event).reaction).toBeNull();
  });

  it('goes live once it is prepared, and lets the former version go when its time is over', () => {
    const story = new Story().event(blueGreen);
    expect(story.reaction).toEqual({ timers: { look: at(60) } });
    expect(story.event(prepared, 5).reaction).toEqual({ timers: { look: null, give_up: at(65) }, commands: [goLive] });
    expect(story.settled(goLive, accepted, 6).reaction).toEqual({});
    expect(story.event(wentLive, 6).reaction).toEqual({ timers: { look: null, give_up: null, keep_old: at(606) } });
    expect(story.timer('keep_old', 606).reaction).toEqual({ commands: [releaseFormer] });
    expect(story.settled(releaseFormer, accepted, 606).reaction).toEqual({ ended: 'released the former version' });
  });

  it('looks again at what is neither prepared nor given up in time, and ends with what is over', () => {
    const story = new Story().event(blueGreen);
    expect(story.timer('look', 60).reaction).toEqual({ commands: [goLive] });
    expect(story.settled(goLive, refused('rollout_in_progress'), 60).reaction).toEqual({ timers: { look: at(120) } });
    expect(story.event(prepared, 70).reaction).toEqual({
      timers: { look: null, give_up: at(130) },
      commands: [goLive],
    });
    // The answer to the timer came late: nothing is to be looked at any more.
    expect(story.settled(goLive, refused('rollout_in_progress'), 70).reaction).toEqual({});
    expect(story.settled(goLive, refused('rollout_not_in_progress'), 71).reaction).toEqual({
      ended: 'did not go live: rollout_not_in_progress',
    });
  });

  it('ends when it failed', () => {
    const story = new Story().event(blueGreen).event(prepared).event(failed);
    expect(story.reaction).toEqual({ ended: 'failed: load_timeout' });
  });

  it('is given up where it does not go live in time once it is prepared', () => {
    const story = new Story().event(blueGreen).event(prepared, 5).timer('give_up', 65);
    expect(story.reaction).toEqual({ commands: [goLiveOrGiveUp] });
    // Settled by the event that it causes: the rollout went live at the last moment, or failed.
    expect(story.settled(goLiveOrGiveUp, accepted, 66).reaction).toEqual({});
    expect(story.settled(goLiveOrGiveUp, refused('rollout_not_in_progress'), 66).reaction).toMatchObject({
      ended: 'did not go live: rollout_not_in_progress',
    });
  });

  it('goes on when it is rolled back: what is kept then has its time too', () => {
    expect(blueGreenProcess.idOf(rolledBack)).toBeNull();
    const live = new Story().event(blueGreen).event(prepared).event(wentLive);
    expect(live.event(rolledBack, 30).reaction).toBeNull();
    expect(live.timer('keep_old', 600).reaction).toEqual({ commands: [releaseFormer] });
  });

  it('ends where no former version is kept any more', () => {
    const story = new Story().event(blueGreen).event(prepared).event(wentLive).timer('keep_old', 600);
    expect(story.settled(releaseFormer, refused('no_change')).reaction).toEqual({ ended: 'kept no former version' });
  });
});
