import { simulateRegistry } from './simulation.js';

simulateRegistry({ runs: 60, steps: 200 });
