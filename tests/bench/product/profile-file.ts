/** Profiles the CSV file that it is given, in a process of its own, and prints how that went as a line of JSON. */
import { fileSource, scanDataset } from '#libs/datasets/index.js';

const file = process.argv[2] ?? '';
const before = process.cpuUsage();
const start = performance.now();
const scanned = await scanDataset(await fileSource(file), 'csv');
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(before);
if (!scanned.ok) throw new Error(scanned.rejection.detail);
const { rows, columns } = scanned.value;
const peak = process.resourceUsage().maxRSS / 1024;
console.log(
  JSON.stringify({ rows, columns: columns.length, seconds, cpu_seconds: (user + system) / 1e6, peak_mib: peak }),
);
