import { describe, expect, it } from '@jest/globals';
import type { CommandMeta } from '#libs/contracts/index.js';
import {
  FaultyStream,
  MemoryStream,
  scriptedFaults,
  StreamTimeout,
  StreamUnavailable,
  type PublishAck,
} from '#libs/event-log/index.js';
import { systemClock, type Clock } from '#libs/kernel/index.js';
import { appendLabels } from './append-labels.js';
import type { Observed } from './check-observations.js';
import { labelMessages, type LabelMessageToSend } from './label-messages.js';

function message(digest = 'sha256:d', label = 1): LabelMessageToSend {
  const meta: CommandMeta = {
    ...{ commandId: 'c1', digest, actor: 'anna', correlationId: 'r-1', at: '2026-11-23T12:00:00.000Z' },
  };
  const prediction: Observed['prediction'] = {
    ...{
      deployment: 'churn',
      traffic_seq: 3,
      epoch: 'e',
      counter: 1,
      row: 0,
      model: 'm',
      version: '1.0.0',
      predicted: { value: 1 },
    },
    ...{ predicted_at: meta.at, outcome: 'served', code: null, labelType: 'number' },
  };
  return labelMessages([{ index: 0, prediction_id: 'p', label, observed_at: meta.at, prediction }], meta, 1)[0]!;
}

const soon = (): number => systemClock.monotonic() + 5_000;
const memory = (): MemoryStream => new MemoryStream({ name: 'TRAFFIC', clock: systemClock });

describe('appendLabels', () => {
  it.each(['lost_ack', 'lost_message', 'unavailable', 'in_flight'] as const)(
    'stores a message once although the server fails at first: %s',
    async (kind) => {
      const stream = memory();
      const faulty = new FaultyStream(stream, scriptedFaults({ publish: [{ kind }, { kind }] }));
      await appendLabels(faulty, message(), soon(), systemClock);
      expect(await stream.readFrom(1, 10, 'leader')).toHaveLength(1);
    },
  );

  it('takes what the same request has stored for its own', async () => {
    const stream = memory();
    await appendLabels(stream, message(), soon(), systemClock);
    await appendLabels(stream, message(), soon(), systemClock);
    expect(await stream.readFrom(1, 10, 'leader')).toHaveLength(1);
  });

  it('refuses a key that another request has used', async () => {
    const stream = memory();
    await appendLabels(stream, message(), soon(), systemClock);
    await expect(appendLabels(stream, message('sha256:other', 2), soon(), systemClock)).rejects.toMatchObject({
      rejection: { code: 'idempotency_conflict' },
    });
    expect(await stream.readFrom(1, 10, 'leader')).toHaveLength(1);
  });

  it('gives up when the server stays away', async () => {
    let now = 0;
    const clock: Clock = { now: () => 0, monotonic: () => (now += 2_000) };
    const away = scriptedFaults({ publish: new Array<{ kind: 'unavailable' }>(9).fill({ kind: 'unavailable' }) });
    await expect(appendLabels(new FaultyStream(memory(), away), message(), 5_000, clock)).rejects.toThrow(
      StreamUnavailable,
    );
  });

  it('gives up at the deadline when the server says nothing', async () => {
    const silent = Object.assign(memory(), { publish: () => new Promise<PublishAck>(() => undefined) });
    const deadline = systemClock.monotonic() + 20;
    await expect(appendLabels(silent, message(), deadline, systemClock)).rejects.toThrow(StreamTimeout);
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(deadline);
  });
});
