import { simulateProcesses } from './simulation.js';

simulateProcesses({ runs: 400, length: 80 });
