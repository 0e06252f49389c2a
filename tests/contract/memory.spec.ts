import { onMemory } from './event-log.runs.js';

const sizes = { raceRounds: 300, others: 2_000 };
onMemory(1, sizes);
onMemory(3, sizes);
