import type { Alternative, BenchContext, Sample } from '../bench.js';
import type { LoadReport } from '../load/load-generator.js';
import { countOf } from './histogram.js';
import { cpuSeconds } from './process-usage.js';

export interface HttpTarget {
  readonly port: number;
  /** The processes whose CPU time is printed, by the name it is printed under. Asked before every block. */
  processes(): Readonly<Record<string, readonly number[]>>;
}

export interface HttpAlternativeOptions {
  readonly name: string;
  readonly against?: string;
  readonly ceiling?: string;
  readonly target: HttpTarget;
  /** A file that writeRequests made. */
  readonly requests: string;
  readonly connections: number;
  /** What one answer counts for, in the case's unit. Default 1. */
  readonly rowsPerRequest?: number;
}

/** A server under the load generator, for one number of connections. */
export function httpAlternative(
  context: BenchContext,
  { name, against, ceiling, target, requests, connections, rowsPerRequest = 1 }: HttpAlternativeOptions,
): Alternative {
  return {
    name,
    ...(against === undefined ? {} : { against }),
    ...(ceiling === undefined ? {} : { ceiling }),
    measure: async (seconds) => {
      const before = usage(target.processes());
      const report = await context.load.run({ port: target.port, connections, seconds, requests });
      return sampleOf(report, rowsPerRequest, usedSince(before));
    },
  };
}

function sampleOf(report: LoadReport, rowsPerRequest: number, cpu: Readonly<Record<string, number>>): Sample {
  const answered = countOf(report.latency);
  const perRow = (seconds: number) => (seconds * 1e6) / (answered * rowsPerRequest);
  return {
    // Refusals count for nothing, so that a server that refuses quickly does not look fast.
    value: (report.completed * rowsPerRequest) / report.seconds,
    latency: report.latency,
    cpuMicros: Object.fromEntries(Object.entries(cpu).map(([name, seconds]) => [name, perRow(seconds)])),
    generatorShare: report.cpuSeconds / report.seconds,
    failures: {
      count: report.not200 + report.unanswered,
      first: report.firstFailure ?? (report.unanswered > 0 ? 'no answer within 5 s of the end' : ''),
    },
  };
}

type Usage = Readonly<Record<string, ReadonlyMap<number, number>>>;

function usage(processes: Readonly<Record<string, readonly number[]>>): Usage {
  return Object.fromEntries(
    Object.entries(processes).map(([name, pids]) => [
      name,
      new Map(pids.flatMap((pid) => [[pid, cpuSeconds(pid)] as const]).filter(hasUsage)),
    ]),
  );
}

const hasUsage = (entry: readonly [number, number | undefined]): entry is readonly [number, number] =>
  entry[1] !== undefined;

/** CPU seconds used since; a process that ended in between counts for nothing. */
function usedSince(before: Usage): Record<string, number> {
  return Object.fromEntries(
    Object.entries(before).map(([name, byPid]) => [
      name,
      [...byPid].reduce((sum, [pid, seconds]) => sum + Math.max(0, (cpuSeconds(pid) ?? seconds) - seconds), 0),
    ]),
  );
}
