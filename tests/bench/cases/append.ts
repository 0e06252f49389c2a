import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { streamDeclarations, streamNames } from '#config/streams.js';
import { AggregateStore, ensureStreams, JetStreamStore, SnapshotStore } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import type { Alternative, BenchCase, Sample } from '../bench.js';
import { modelOf, registerVersion } from '../product/register-version.js';

const PARALLEL = 100;
/** Bytes of a `VersionRegistered` of the size measured here. */
const PLAIN_BYTES = 1_000;

/** A governance command from decision to acknowledgement, beside the server's bare publish of as many bytes. */
export const append: BenchCase = {
  name: 'append',
  about: 'commands decided and appended with an expectation, nats-server with sync_interval always',
  unit: 'appends/s',
  needsLoadGenerator: false,
  prepare: async () => {
    const { startNats } = await import('#tests/support/nats.js');
    const server = await startNats();
    const connection = await connect(server.connection);
    await ensureStreams(connection, streamDeclarations(1));
    const store = new AggregateStore({
      events: new JetStreamStore({ connection, stream: streamNames.events }),
      snapshots: new SnapshotStore(new JetStreamStore({ connection, stream: streamNames.snapshots })),
      clock: systemClock,
      random: Math.random,
    });
    const plain = jetstream(connection);
    const payload = new Uint8Array(PLAIN_BYTES);
    let count = 0;
    const command = (lanes: number) => (lane: number) => {
      const number = count++;
      return registerVersion(store, `${lanes}-${modelOf(lane, lanes, number)}`, number);
    };
    const publish = () => plain.publish('pred.bench', payload);
    return {
      alternatives: [
        alternative('js.publish, one at a time', 1, publish),
        { ...alternative('command, one at a time', 1, command(1)), against: 'js.publish, one at a time' },
        alternative(`js.publish, ${PARALLEL} at once`, PARALLEL, publish),
        {
          ...alternative(`commands on ${PARALLEL} models at once`, PARALLEL, command(PARALLEL)),
          against: `js.publish, ${PARALLEL} at once`,
        },
      ],
      close: async () => {
        await store.idle();
        await connection.drain();
        await server.stop();
      },
    };
  },
};

function alternative(name: string, lanes: number, once: (lane: number) => Promise<unknown>): Alternative {
  return { name, measure: (seconds) => measure(seconds, lanes, once) };
}

async function measure(seconds: number, lanes: number, once: (lane: number) => Promise<unknown>): Promise<Sample> {
  const start = performance.now();
  const end = start + seconds * 1000;
  let done = 0;
  const loop = async (lane: number): Promise<void> => {
    while (performance.now() < end) {
      await once(lane);
      done++;
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, lane) => loop(lane)));
  return { value: done / ((performance.now() - start) / 1000) };
}
