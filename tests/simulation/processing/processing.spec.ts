import { simulateProcesses } from './simulation.js';

// Ten runs of chance may all end alike: these do not.
simulateProcesses({ runs: 10, length: 40, seed: 1 });
