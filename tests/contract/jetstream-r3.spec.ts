import { onThreeServers } from './event-log.runs.js';

onThreeServers({ raceRounds: 60, others: 2_000 });
