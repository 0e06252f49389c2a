import { simulateRegistry } from './simulation.js';

simulateRegistry({ runs: 3, steps: 100 });
