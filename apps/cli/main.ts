import { terminalIo } from './io.js';
import { run } from './run.js';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    interrupt.abort();
  });
// `modelog events | head` closes the pipe: that is the end of the command, not an error.
process.stdout.on('error', () => process.exit(0));
process.exitCode = await run(process.argv.slice(2), terminalIo(interrupt.signal));
