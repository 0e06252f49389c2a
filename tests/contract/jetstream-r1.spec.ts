import { afterAll } from '@jest/globals';
import { eventLogContract } from './event-log.contract.js';
import { jetStreamBackend } from './jetstream-backend.js';
import { startNats, type NatsHandle } from '#tests/support/nats.js';

let server: NatsHandle | undefined;

eventLogContract('one JetStream server', {
  open: async () => {
    const started = await startNats();
    server = started;
    return jetStreamBackend([started], 1, () => started.restart());
  },
  raceRounds: 300,
});

afterAll(() => server?.stop());
