/** `npm run bench`: measures the cases asked for, one after the other; prints a table for each and writes JSON. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootFolder } from '#apps/platform/root-folder.js';
import { isoTime, messageOf, ModelogError, systemClock } from '#libs/kernel/index.js';
import { InvalidArguments, parseArguments, usage, type Arguments } from './arguments.js';
import type { BenchContext } from './bench.js';
import { cases } from './cases/index.js';
import { choosePinning } from './harness/pinning.js';
import { describeMachine } from './harness/process-usage.js';
import { runCase, type CaseResult } from './harness/run-case.js';
import { renderTable } from './harness/table.js';
import { buildLoadGenerator, LoadGeneratorUnavailable, type LoadGenerator } from './load/load-generator.js';

/** This machine cannot run the benchmarks; the message says what is missing. */
class NotPossibleHere extends ModelogError {
  constructor(message: string) {
    super('not_possible_here', message);
  }
}

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interruption.abort(new Error(`interrupted by ${signal}`));
  });
}

try {
  const given = parseArguments(process.argv.slice(2), cases);
  if (given.help) console.log(usage(cases));
  else process.exitCode = await runAll(given);
} catch (error) {
  // What an interruption tore down on its way is no news; that it was one is.
  const { signal } = interruption;
  console.error(`bench: ${messageOf(signal.aborted ? signal.reason : error)}`);
  process.exitCode = exitCodeFor(error);
}

function exitCodeFor(error: unknown): number {
  if (interruption.signal.aborted) return 130;
  const impossible = [InvalidArguments, LoadGeneratorUnavailable, NotPossibleHere];
  return impossible.some((kind) => error instanceof kind) ? 2 : 1;
}

async function runAll(given: Arguments): Promise<number> {
  if (process.platform !== 'linux') {
    throw new NotPossibleHere(`the benchmarks read /proc and need Linux, this is ${process.platform}`);
  }
  const pinning = choosePinning();
  const load = given.cases.some(({ needsLoadGenerator }) => needsLoadGenerator)
    ? loadGenerator(pinning.generator)
    : noLoadGenerator();
  const scratch = mkdtempSync(join(tmpdir(), 'modelog-bench-'));
  const context: BenchContext = { clock: systemClock, pinning, load, scratch, confine: given.confine };
  const run = {
    started_at: isoTime(systemClock.now()),
    machine: describeMachine(),
    pinning: pinning.description,
    confined: given.confine,
  };
  console.log(`${run.machine.cpu}, ${run.machine.cores} cores, Node ${run.machine.node}; ${run.pinning}`);
  console.log(`load average at the start ${run.machine.load_average.toFixed(2)}; only ratios within a run count\n`);

  const results: CaseResult[] = [];
  try {
    for (const one of given.cases) {
      const result = await runCase(one, context, { ...given, signal: interruption.signal });
      results.push(result);
      print(result);
    }
  } finally {
    // What was measured before a failure or an interruption is kept.
    if (given.json !== undefined) writeFileSync(given.json, `${JSON.stringify({ ...run, cases: results }, null, 2)}\n`);
    rmSync(scratch, { recursive: true });
  }
  return results.some(({ rows }) => rows.some(({ failures }) => failures > 0)) ? 1 : 0;
}

function loadGenerator(wrap: (command: readonly string[]) => string[]): LoadGenerator {
  return buildLoadGenerator(join(rootFolder, 'node_modules/.cache/modelog/bench'), wrap);
}

function noLoadGenerator(): LoadGenerator {
  return { run: () => Promise.reject(new Error('needsLoadGenerator: expected true of a case that drives a server')) };
}

function print({ name, about, unit, blocks, seconds_per_block, stolen_share, rows, report }: CaseResult): void {
  console.log(`${name}: ${about}`);
  if (report !== undefined) console.log(`${report.text}\n`);
  if (rows.length === 0) return;
  console.log(renderTable(unit, rows));
  const stolen = stolen_share >= 0.01 ? `; the hypervisor took ${(stolen_share * 100).toFixed(0)} % of the time` : '';
  console.log(`medians of ${blocks} blocks, ${seconds_per_block} s each where a row runs for a time${stolen}\n`);
}
