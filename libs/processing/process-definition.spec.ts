import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { processDefinition, type ProcessState } from './process-definition.js';
import { stepIdOf, type TakeStep } from './step.js';
import {
  catalogueOf,
  decodeEvent,
  defineEvent,
  processEvents,
  type EventOf,
  type ProcessEvent,
  type ProcessInput,
} from '#libs/contracts/index.js';
import { AggregateStore, MemoryStream, SnapshotStore } from '#libs/event-log/index.js';
import { systemClock, type Process } from '#libs/kernel/index.js';

const Asked = defineEvent('Asked', z.object({ id: z.string(), much: z.int() }));
type Asked = EventOf<typeof Asked>;
const command = z.object({ type: z.literal('Do'), much: z.int() });
type Do = z.infer<typeof command>;
const state = z.object({ told: z.array(z.string()) });
type Told = z.infer<typeof state>;

const at = '2026-11-23T10:00:00.000Z';
const noon = '2026-11-23T12:00:00.000Z';

/** Does as much as it is asked, with a timer `t` at noon; ends when it is asked for 9; does nothing about 0. */
const process: Process<Asked, Told, Do> = {
  name: 'asked',
  initialState: { told: [] },
  idOf: ({ data }) => data.id,
  react(message) {
    if (message.kind === 'timer') return { timers: { t: noon } };
    if (message.kind === 'settlement') return null;
    const { much } = message.event.data;
    if (much === 0) return null;
    if (much === 9) return { ended: 'enough', timers: { t: noon } };
    return { commands: Array.from({ length: much }, () => ({ type: 'Do', much })), timers: { t: noon } };
  },
  evolve: ({ told }, message) => ({
    told: [
      ...told,
      message.kind === 'event'
        ? `asked ${message.event.data.much}`
        : message.kind === 'timer'
          ? message.name
          : `${message.command.type} ${message.command.much} ${message.outcome.status}`,
    ],
  }),
};
const definition = processDefinition(process, { events: catalogueOf([Asked]), command, state });
const { decider, snapshot } = definition;

const asked = (seq: number, much: number, version = 1): ProcessInput => ({
  ...{ kind: 'event', seq, type: 'Asked', version, data: { id: 'a', much } },
  event_id: `0198c0de-0000-7000-8000-${String(seq).padStart(12, '0')}`,
});
const settled = (commandId: string): ProcessInput => ({
  ...{ kind: 'settlement', command_id: commandId, type: 'Do' },
  outcome: { status: 'accepted', seq: 1, result: {} },
});
const fired = (due_at = noon): ProcessInput => ({ kind: 'timer', name: 't', due_at });

const told = (input: ProcessInput, more: Partial<TakeStep> = {}): TakeStep => {
  const step = { id: 'a', input, seenSeq: 0, ...more };
  return { ...step, stepId: stepIdOf('asked', step) };
};

/** The process after some steps, and the last event. */
class Life {
  state: ProcessState<Told> = decider.initialState;
  seq = 100;

  take(step: TakeStep, by = at): ProcessEvent['data'] {
    const decision = decider.decide(step, this.state, { actor: 'a', at: by });
    if (!decision.ok) throw new Error(decision.rejection.code);
    // As it is stored and read.
    const stored: unknown = JSON.parse(JSON.stringify(decision.value.data));
    const read = decodeEvent(catalogueOf(processEvents), 'ProcessStepTaken', 1, stored);
    if (!read.ok) throw new Error(JSON.stringify(read.rejection));
    const event = read.value as ProcessEvent;
    this.seq += 1;
    this.state = decider.evolve(this.state, event, { seq: this.seq, actor: 'a', at: by });
    return event.data;
  }

  refusal(step: TakeStep, by = at): string | undefined {
    const decision = decider.decide(step, this.state, { actor: 'a', at: by });
    return decision.ok ? undefined : decision.rejection.code;
  }
}

describe('a process as an aggregate', () => {
  it('takes one step for an event, with commands whose ids derive from it, and none for an earlier or unanswered one', () => {
    const life = new Life();
    const step = told(asked(7, 2));
    const { commands, timers, seen_seq } = life.take(step);
    expect(commands).toMatchObject([{ type: 'Do', data: { much: 2 } }, { type: 'Do' }]);
    expect(new Set(commands.map(({ id }) => id)).size).toBe(2);
    expect(new Life().take(step).commands).toEqual(commands);
    expect({ timers, seen_seq }).toEqual({ timers: { t: noon }, seen_seq: 7 });
    expect(life.refusal(told(asked(7, 2)))).toBe('repeat');
    expect(life.refusal(told(asked(6, 2)))).toBe('repeat');
    expect(life.refusal(told(asked(8, 0)))).toBe('nothing');
    expect(life.state.own).toEqual({ told: ['asked 2'] });
  });

  it('takes what was seen before another step for a repeat, though it has no step of its own', () => {
    const life = new Life();
    const [first] = life.take(told(asked(7, 1))).commands;
    life.take(told(settled(first!.id), { seenSeq: 20 }));
    expect(life.refusal(told(asked(20, 3)))).toBe('repeat');
    expect(life.refusal(told(asked(21, 3)))).toBeUndefined();
  });

  it('records a settlement once, whatever the process makes of it', () => {
    const life = new Life();
    const [first] = life.take(told(asked(7, 1))).commands;
    expect(life.refusal(told(settled('0198c0de-0000-7000-8000-00000000ffff')))).toBe('repeat');
    expect(life.take(told(settled(first!.id)))).toMatchObject({ commands: [], timers: {}, ended: null });
    expect(life.refusal(told(settled(first!.id)))).toBe('repeat');
    expect(life.state.own.told).toEqual(['asked 1', 'Do 1 accepted']);
  });

  it('takes the end of a timer once, as it is set now, and not before its time', () => {
    const life = new Life();
    life.take(told(asked(7, 1)));
    const first = told(fired(), { setSeq: 101 });
    expect(life.refusal(first, at)).toBe('early');
    expect(life.refusal(told(fired(at), { setSeq: 101 }), noon)).toBe('stale');
    life.take(first, noon);
    // It has set itself again, to the same instant: that is another timer, with a step of its own.
    expect(life.refusal(first, noon)).toBe('stale');
    const second = told(fired(), { setSeq: 102 });
    expect(second.stepId).not.toBe(first.stepId);
    expect(life.refusal(second, noon)).toBeUndefined();
    life.take(told(asked(9, 1)));
    expect(life.refusal(second, noon)).toBe('stale');
  });

  it('hears after its end what became of its commands, and nothing else', () => {
    const life = new Life();
    const [first] = life.take(told(asked(7, 1))).commands;
    expect(life.take(told(asked(8, 9)))).toMatchObject({ ended: 'enough', timers: {} });
    expect(life.refusal(told(asked(9, 1)))).toBe('ended');
    expect(life.refusal(told(fired(), { setSeq: 101 }), noon)).toBe('ended');
    const { own } = life.state;
    expect(life.take(told(settled(first!.id)))).toMatchObject({ ended: 'enough', commands: [] });
    expect(life.state.own).toEqual(own);
    expect(life.state.work.commands.size).toBe(0);
  });

  it('comes back from a snapshot as it was, and refuses one that it cannot read', () => {
    const life = new Life();
    life.take(told(asked(7, 2)));
    life.take(told(asked(8, 9)));
    const stored: unknown = JSON.parse(JSON.stringify(snapshot.encode(life.state)));
    expect(snapshot.decode(stored)).toEqual(life.state);
    expect(() => snapshot.decode({ ...(stored as object), own: { told: [1] } })).toThrow('invalid_type');
  });

  it('does not fold a step whose event it does not know, and says so', () => {
    const life = new Life();
    const unknown = { ...asked(7, 1), version: 2 };
    expect(() => life.take(told(unknown as ProcessInput))).toThrow(
      'process asked: sequence 7: Asked: newer_event_version',
    );
  });

  it('lives on the log: two that tell the same are one step', async () => {
    const events = new MemoryStream({ name: 'EVENTS', clock: systemClock });
    const snapshots = new SnapshotStore(new MemoryStream({ name: 'SNAPSHOTS', clock: systemClock }));
    const stores = [1, 2].map(() => new AggregateStore({ events, snapshots, clock: systemClock, random: () => 0.5 }));
    const step = told(asked(7, 1));
    const meta = { commandId: step.stepId, digest: 'd', actor: 'a', correlationId: step.stepId, at };
    const outcomes = await Promise.all(
      stores.map((store, index) => store.execute(definition, 'a', { ...step, seenSeq: index }, meta)),
    );
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true]);
    expect((await events.head()).lastSeq).toBe(1);
  });
});
