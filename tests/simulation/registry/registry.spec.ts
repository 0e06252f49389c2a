import { simulateRegistry } from './simulation.js';

simulateRegistry({ runs: 2, steps: 80 });
