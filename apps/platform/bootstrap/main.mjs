// The first file of `npm start` on a machine that has Node alone: Node's own modules only, and nothing here that an old
// Node cannot parse, so that it can say which one is needed.
import process from 'node:process';

const oldest = [20, 19];
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < Number(oldest[0]) || (major === oldest[0] && minor < Number(oldest[1]))) {
  process.stderr.write(`Modelog needs Node ${oldest.join('.')} or newer, this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  const { runCommand } = await import('./commands.mjs');
  try {
    await runCommand(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
