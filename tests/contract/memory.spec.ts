import { eventLogContract } from './event-log.contract.js';
import { memoryBackend } from './memory-backend.js';

eventLogContract('memory, as one replica', { open: () => Promise.resolve(memoryBackend(1)), raceRounds: 300 });
eventLogContract('memory, as three replicas', { open: () => Promise.resolve(memoryBackend(3)), raceRounds: 300 });
