import type { ArtifactStore } from '#libs/artifacts/index.js';
import { subjects, type Chunk, type GovernanceEvent, type MonitoringEvent } from '#libs/contracts/index.js';
import { conditionsOf } from '#libs/domain/index.js';
import type { EventReader, StreamMessage, StreamStore } from '#libs/event-log/index.js';
import { assertNever, isoTime, nearNames } from '#libs/kernel/index.js';
import { nothingRead, type LogPosition, type MonitorContext } from '#libs/monitoring/index.js';
import { CommandFailed } from '../../errors.js';
import type { Io } from '../../io.js';
import type { GivenChange } from './change-places.js';
import { DetectorPass, type DetectorReport, type VersionErrors } from './detector-pass.js';
import { GivenLabels } from './given-labels.js';
import { RecordedGovernance } from './governance.js';
import { MonitorPass, type ConditionScore, type VersionWindows } from './monitor-pass.js';
import { readMessage, type BacktestFact, type Wanted } from './read-message.js';
import { LoadedReferences } from './references.js';
import type { BacktestRequest } from './request.js';
import { changedSettings, withoutUntold } from './settings.js';
import { boundOf, spanOf, type Span } from './span.js';

/** The log of a Modelog that may be running: nothing is written to it. */
export interface RecordedLog {
  readonly traffic: StreamStore;
  readonly reader: EventReader<GovernanceEvent>;
  readonly artifacts: Pick<ArtifactStore, 'read'>;
}

/** A finding of the backtest, of the log, or of both. */
export interface ComparedFinding {
  readonly finding: MonitoringEvent;
  readonly recorded: boolean;
  /** Row of the version from 0 at the span's beginning; null: not found here. */
  readonly index: number | null;
}

export interface BacktestReport {
  readonly deployment: string;
  /** What was told of; null: no message of the deployment is in the span. */
  readonly span: {
    readonly first_seq: number;
    readonly last_seq: number;
    readonly from: string;
    readonly to: string;
  } | null;
  readonly rows: number;
  readonly labels: number;
  readonly detectors: readonly DetectorReport[];
  readonly errors: readonly VersionErrors[];
  /** Null: the monitor was not run. */
  readonly monitor: {
    readonly findings: readonly MonitoringEvent[];
    readonly versions: readonly VersionWindows[];
    readonly scores: readonly ConditionScore[];
  } | null;
  /** By the log's time. */
  readonly compared: readonly ComparedFinding[];
  /** Of the span and of what was asked for. */
  readonly recorded: readonly MonitoringEvent[];
  readonly notes: readonly string[];
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
  const { lastSeq } = await traffic.head();
  io.progress('reading EVENTS');
  const governance = await RecordedGovernance.read(reader, request.deployment);
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
    progress(`TRAFFIC ${batch.at(-1)!.seq} of ${to.seq}`);
  }
  signal.throwIfAborted();
}

/** One reading of a deployment's messages, for whoever judges them. */
class Pass {
  readonly #detectors: DetectorPass;
  readonly #monitor: MonitorPass | null;
  readonly #given: GivenLabels | null;
  readonly #settings: (settings: MonitorContext['settings']) => MonitorContext['settings'];
  readonly #wanted: Wanted;
  #position: LogPosition = nothingRead;
  #first: LogPosition | null = null;
  #last: LogPosition | null = null;
  #context: MonitorContext | null = null;
  /** Versions whose references are there, as far as the context goes. */
  #loaded = new Set<string>();
  #schema: Chunk['schema'] | null = null;
  #rows = 0;
  #labels = 0;
  #unreadable = 0;

  constructor(
    private readonly request: BacktestRequest,
    private readonly governance: RecordedGovernance,
    private readonly references: LoadedReferences,
    private readonly span: Span,
    changes: readonly GivenChange[],
  ) {
    const { deployment, version, detectors, monitor, labels } = request;
    this.#detectors = new DetectorPass(detectors, version, changes);
    this.#monitor =
      monitor === null ? null : new MonitorPass(deployment, version, (each) => this.#isTold(each), changes);
    this.#given = labels === null ? null : new GivenLabels(labels);
    this.#settings = changedSettings([...(monitor ?? []), ...withoutUntold(request.conditions)]);
    this.#wanted = {
      chunks: this.#monitor !== null || this.#given !== null,
      labels: this.#given !== null ? 'none' : this.#monitor !== null ? 'all' : 'errors',
    };
  }

  /** The next message of the deployment. @returns false: the span has ended before it. */
  async take(message: StreamMessage): Promise<boolean> {
    const { fact, position, unreadable } = readMessage(this.request.deployment, message, this.#position, this.#wanted);
    this.#position = position;
    const { from, to } = this.span;
    if (position.logTime > to.time) return false;
    const told = position.seq >= from.seq && position.logTime >= from.time;
    if (told) {
      this.#first ??= position;
      this.#last = position;
      if (unreadable !== null) this.#unreadable++;
    }
    if (fact === null) return true;
    const context = this.#contextAt(position.eventsSeq);
    await this.#load(fact, position.eventsSeq);
    this.#judge(fact, told, context);
    const given = fact.kind === 'chunk' ? this.#given?.of(fact.chunk, fact.seq, context) : null;
    // Behind its chunk, and before whatever comes next.
    if (given) {
      const { seq, logTime } = fact;
      this.#judge({ kind: 'labels', seq: seq + 1, logTime, eventId: `given ${seq}`, labels: given }, told, context);
    }
    return true;
  }

  report(): BacktestReport {
    const { deployment, version, within, changePoints } = this.request;
    const errors = this.#detectors.versions();
    const monitor = this.#monitor;
    const versions = monitor?.versions() ?? [];
    const judged = new Set([...errors, ...versions].map((each) => `${each.model}@${each.version}`));
    if (changePoints.length > 0 && judged.size > 1)
      throw new CommandFailed(
        `--change-points: the span is of ${[...judged].join(', ')}: choose one with --version`,
        1,
      );
    const recorded = this.#recorded();
    return {
      deployment,
      span: spanTold(this.#first, this.#last),
      ...{ rows: this.#rows, labels: this.#labels },
      detectors: this.#detectors.reports(within),
      errors,
      monitor:
        monitor === null
          ? null
          : { findings: monitor.found.map(({ finding }) => finding), versions, scores: monitor.scores(within) },
      compared: compare(monitor, recorded),
      recorded,
      notes: [
        ...this.governance.notes,
        ...(this.#unreadable === 0 ? [] : [`${this.#unreadable} messages cannot be read and count for nothing`]),
        ...(version !== null && judged.size === 0 ? [`nothing of ${version} is in the span`] : []),
        ...(this.#given?.notes() ?? []),
        ...(monitor?.notes ?? []),
      ],
    };
  }

  #judge(fact: BacktestFact, told: boolean, context: MonitorContext): void {
    if (fact.kind !== 'scanned') this.#monitor?.apply(fact, told, context);
    switch (fact.kind) {
      case 'chunk':
        if (told) this.#rows += fact.chunk.served + fact.chunk.failed + fact.chunk.refused;
        return;
      case 'labels':
      case 'scanned':
        if (told) this.#labels += fact.labels.rows.length;
        if (this.request.detectors.length > 0) this.#detectors.take(fact, told, context);
        return;
      case 'tick':
        return;
      default:
        assertNever(fact, 'message of TRAFFIC');
    }
  }

  #contextAt(eventsSeq: number): MonitorContext {
    if (this.#context?.eventsSeq !== eventsSeq) {
      const { deployment } = this.request;
      const context = this.governance.governance.contextOf(deployment, eventsSeq, this.references.of);
      this.#context = { ...context, settings: this.#settings(context.settings) };
      this.#loaded = new Set();
      this.#schema = null;
    }
    return this.#context;
  }

  async #load(fact: BacktestFact, eventsSeq: number): Promise<void> {
    if (fact.kind === 'tick' || (fact.kind === 'chunk' && fact.chunk.schema === this.#schema)) return;
    for (const { model, version } of fact.kind === 'chunk' ? fact.chunk.schema.arms : fact.labels.rows) {
      const key = `${model}@${version}`;
      if (this.#loaded.has(key)) continue;
      const registered = this.governance.governance.versionAt(model, version, eventsSeq);
      if (registered !== undefined) await this.references.load(registered, this.#monitor === null);
      this.#loaded.add(key);
    }
    if (fact.kind === 'chunk') this.#schema = fact.chunk.schema;
  }

  /** Findings of the log in the span, of what was asked for. */
  #recorded(): MonitoringEvent[] {
    if (this.#first === null || this.#last === null) return [];
    const [from, to] = [this.#first.logTime, this.#last.logTime];
    return this.governance.findings.filter((finding) => {
      const { at, version } = finding.data;
      const time = Date.parse(at);
      const isOf = this.request.version === null || version === this.request.version;
      return (
        isOf && time >= from && time <= to && conditionsOf(finding).some(({ condition }) => this.#isTold(condition))
      );
    });
  }

  #isTold(condition: string): boolean {
    const { conditions, monitor } = this.request;
    if (monitor === null) return condition.startsWith('concept_drift/');
    return conditions === null || conditions.some((beginning) => condition.startsWith(beginning));
  }
}

const spanTold = (first: LogPosition | null, last: LogPosition | null): BacktestReport['span'] =>
  first === null || last === null
    ? null
    : { first_seq: first.seq, last_seq: last.seq, from: isoTime(first.logTime), to: isoTime(last.logTime) };

/** The same finding has the same type and ids of its conditions. */
const identityOf = (finding: MonitoringEvent): string =>
  [finding.type, ...conditionsOf(finding).map(({ finding_id }) => finding_id)].join(' ');

function compare(monitor: MonitorPass | null, recorded: readonly MonitoringEvent[]): ComparedFinding[] {
  const known = new Set(recorded.map(identityOf));
  const found = monitor?.found ?? [];
  const again = new Set(found.map(({ finding }) => identityOf(finding)));
  return [
    ...found.map(({ finding, index }) => ({ finding, index, recorded: known.has(identityOf(finding)) })),
    ...recorded
      .filter((finding) => !again.has(identityOf(finding)))
      .map((finding) => ({ finding, index: null, recorded: true })),
  ].sort((a, b) => Date.parse(a.finding.data.at) - Date.parse(b.finding.data.at));
}
