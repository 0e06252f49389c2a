import { onOneServer } from './event-log.runs.js';

onOneServer({ raceRounds: 60, others: 2_000 });
