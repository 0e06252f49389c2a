import { afterAll } from '@jest/globals';
import { jetStreamBackend } from '../jetstream-backend.js';
import { processingContract } from './processing.contract.js';
import { startNats, type NatsHandle } from '#tests/support/nats.js';

let server: NatsHandle | undefined;

processingContract('one JetStream server', {
  open: async () => {
    const started = await startNats();
    server = started;
    return jetStreamBackend([started], 1, () => started.restart());
  },
  killEvery: 5,
  restarts: true,
});

afterAll(() => server?.stop());
