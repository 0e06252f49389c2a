import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { connect } from '@nats-io/transport-node';
import { scalingDecision, subjects, type ScalingDecision } from '#libs/contracts/index.js';
import { JetStreamStore } from '#libs/event-log/index.js';
import { streamNames } from '#config/streams.js';
import { connectionOf } from '#tests/support/nats.js';
import { startPlatform, type PlatformHandle } from '#tests/support/platform.js';
import { makeFolder } from '#tests/support/run-folder.js';
import { until } from '#tests/support/wait.js';
import { startClients } from './clients.js';
import { newLedger } from './ledger.js';
import { casesOf, deployFixture } from '#tests/support/fixture-model.js';

/** Any request is slower than the target, so that the load need not be a heavy one. */
const scaling = { min: 1, max: 3, p99_ms: 0.001, cool_down_s: 5 };

const servingIn = (platform: PlatformHandle): number =>
  platform.processes().filter(({ component }) => /^serving-\d+$/.test(component)).length;

async function decisionsOf({ dataDir }: PlatformHandle): Promise<ScalingDecision[]> {
  const { nats_url } = JSON.parse(readFileSync(join(dataDir, 'run/connection.json'), 'utf8')) as { nats_url: string };
  const connection = await connect(connectionOf(nats_url));
  try {
    const operations = new JetStreamStore({ connection, stream: streamNames.operations });
    const messages = await operations.readSubject(subjects.scaling(), 1, 'leader');
    return messages.map(({ data }) => scalingDecision.parse(JSON.parse(Buffer.from(data).toString('utf8'))));
  } finally {
    await connection.close();
  }
}

describe('the number of serving processes', () => {
  it('follows the load between its bounds, without a failed request, and each decision is recorded', async () => {
    const config = makeFolder('config');
    writeFileSync(join(config, 'pipeline_config.yaml'), JSON.stringify({ serving: { scaling } }));
    const platform = await startPlatform({
      env: { MODELOG_CONFIG_DIR: config, MODELOG_SERVING_PROCESSES: '2', MODELOG_SERVING_STANDBY: '1' },
    });
    try {
      await deployFixture(platform.url, 'forest-plain', 'scaled');
      const ledger = newLedger();
      const { rows: inputs } = await casesOf('forest-plain');
      const { url } = platform;
      const clients = startClients({ url, deployment: 'scaled', inputs, connections: 8, restMs: 20, ledger });
      try {
        await until(() => servingIn(platform) === 3, { what: 'another process', timeoutMs: 30_000 });
        const answered = ledger.answers.length;
        await until(() => ledger.answers.length > answered + 1_000, { what: 'further answers', timeoutMs: 30_000 });
      } finally {
        await clients.stop();
      }
      await until(() => servingIn(platform) === 1, { what: 'a single process', timeoutMs: 60_000 });
      expect(Object.fromEntries(ledger.failures)).toEqual({});
      const decisions = await decisionsOf(platform);
      console.log(decisions.map(({ at, from, to, reason }) => `${at} ${from} → ${to}: ${reason}`).join('\n'));
      expect(decisions.map(({ from, to }) => [from, to])).toEqual([
        [2, 3],
        [3, 2],
        [2, 1],
      ]);
      expect(decisions[0]!.loads.some(({ requests, p99_ms }) => requests > 0 && p99_ms! > scaling.p99_ms)).toBe(true);
    } finally {
      await platform.stop();
    }
  }, 300_000);
});
