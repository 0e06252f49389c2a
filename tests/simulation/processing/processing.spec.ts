import { simulateProcesses } from './simulation.js';

simulateProcesses({ runs: 10, length: 40 });
