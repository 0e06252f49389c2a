import { memoryBackend } from '../memory-backend.js';
import { processingContract } from './processing.contract.js';

// As three replicas: one server, which compares in another order, is in jetstream.spec.ts.
processingContract('memory, as three replicas', {
  open: () => Promise.resolve(memoryBackend(3)),
  killEvery: 1,
  restarts: false,
});
