import { onMemory, onOneServer, onThreeServers } from './event-log.runs.js';

const sizes = { raceRounds: 1_000, others: 10_000 };
onMemory(1, sizes);
onMemory(3, sizes);
onOneServer(sizes);
onThreeServers(sizes);
