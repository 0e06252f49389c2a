import type { ArtifactReader } from '#libs/artifacts/index.js';
import { subjects, type GovernanceEvent } from '#libs/contracts/index.js';
import { StreamRefused, type EventReader, type StreamHead, type StreamStore } from '#libs/event-log/index.js';
import { nearNames } from '#libs/kernel/index.js';
import { CommandFailed } from '../../errors.js';
import type { Io } from '../../io.js';
import type { GivenChange } from './change-places.js';
import { RecordedGovernance } from './governance.js';
import { Pass } from './pass.js';
import { LoadedReferences } from './references.js';
import type { BacktestReport } from './report.js';
import type { BacktestRequest } from './request.js';
import { boundOf, spanOf, type Span } from './span.js';

export type { BacktestReport, ComparedFinding } from './report.js';

/** The log of a Modelog that may be running: nothing is written to it. */
export interface RecordedLog {
  readonly traffic: StreamStore;
  readonly reader: EventReader<GovernanceEvent>;
  readonly artifacts: Pick<ArtifactReader, 'read'>;
}

/** A chunk may hold 512 KiB. */
const batchMessages = 64;

/** Runs detectors, or the monitor with other settings, over recorded traffic. @throws CommandFailed, EventLogError. */
export async function backtest(
  request: BacktestRequest,
  { traffic, reader, artifacts }: RecordedLog,
  io: Pick<Io, 'signal' | 'progress'>,
): Promise<BacktestReport> {
  // TRAFFIC's end is taken first: whatever its messages name is then in EVENTS.
  const { lastSeq } = await headOf(traffic);
  io.progress('reading EVENTS');
  const governance = await RecordedGovernance.read(reader, request.deployment, io);
  expectKnown(request, governance);
  const span = await spanOf(request, traffic, governance, lastSeq);
  const changes = await Promise.all(
    request.changePoints.map(async (point): Promise<GivenChange> =>
      point.kind === 'sample'
        ? { point, at: point.index }
        : { point, at: await boundOf('--change-points', point, { seq: 1, time: -Infinity }, traffic, governance) },
    ),
  );
  const pass = new Pass(request, governance, new LoadedReferences(artifacts), span, changes);
  await readSpan(request.deployment, traffic, span, pass, io);
  return pass.report();
}

async function headOf(traffic: StreamStore): Promise<StreamHead> {
  try {
    return await traffic.head();
  } catch (error) {
    if (!(error instanceof StreamRefused)) throw error;
    throw new CommandFailed(`this NATS holds no log of Modelog: ${error.message}`, 1, { cause: error });
  }
}

function expectKnown({ deployment, version }: BacktestRequest, { governance }: RecordedGovernance): void {
  const known = governance.deployments();
  if (!known.includes(deployment)) throw unknown('--deployment', deployment, known);
  const versions = [...new Set(governance.versions().map((each) => each.version))];
  if (version !== null && !versions.includes(version)) throw unknown('--version', version, versions);
}

function unknown(flag: string, name: string, known: readonly string[]): CommandFailed {
  const near = nearNames(name, known);
  const hint = near.length > 0 ? `near: ${near.join(', ')}` : `known: ${known.slice(0, 10).join(', ') || 'none'}`;
  return new CommandFailed(`${flag} ${name}: EVENTS knows none of that name; ${hint}`, 1);
}

/** @throws what the signal aborts with */
async function readSpan(
  deployment: string,
  traffic: StreamStore,
  { readFrom, to }: Span,
  pass: Pass,
  { signal, progress }: Pick<Io, 'signal' | 'progress'>,
): Promise<void> {
  const own = new Set(
    [subjects.predictions, subjects.labels, subjects.ticks].map((subjectOf) => subjectOf(deployment)),
  );
  if (readFrom > to.seq) return;
  for await (const batch of traffic.follow({ fromSeq: readFrom, signal, maxBatch: batchMessages })) {
    for (const message of batch) {
      if (message.seq > to.seq) return;
      if (own.has(message.subject) && !(await pass.take(message))) return;
      if (message.seq === to.seq) return;
    }
    const { seq } = batch.at(-1)!;
    const share = (seq - readFrom + 1) / (to.seq - readFrom + 1);
    progress(`reading TRAFFIC: ${seq} of ${to.seq}, ${Math.floor(100 * share)} %`);
  }
  signal.throwIfAborted();
}
