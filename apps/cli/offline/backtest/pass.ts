import type { Chunk, MonitoringEvent } from '#libs/contracts/index.js';
import { conditionsOf } from '#libs/domain/index.js';
import type { StreamMessage } from '#libs/event-log/index.js';
import { assertNever, isoTime } from '#libs/kernel/index.js';
import { nothingRead, type LogPosition, type MonitorContext } from '#libs/monitoring/index.js';
import { CommandFailed } from '../../errors.js';
import type { GivenChange } from './change-places.js';
import { DetectorPass } from './detector-pass.js';
import { GivenLabels } from './given-labels.js';
import type { RecordedGovernance } from './governance.js';
import { MonitorPass } from './monitor-pass.js';
import { readMessage, type BacktestFact, type Wanted } from './read-message.js';
import type { LoadedReferences } from './references.js';
import { compareFindings, type BacktestReport } from './report.js';
import type { BacktestRequest } from './request.js';
import { changedSettings, withoutUntold } from './settings.js';
import type { Span } from './span.js';

/** One reading of a deployment's messages, for whoever judges them. */
export class Pass {
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

  /** @throws CommandFailed for changes that no stream of the span has, or more than one */
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
      compared: compareFindings(monitor?.found ?? [], recorded),
      recorded,
      notes: [
        ...this.governance.notes,
        ...(this.#unreadable === 0 ? [] : [`${this.#unreadable} messages cannot be read and count for nothing`]),
        ...(version !== null && judged.size === 0 ? [`nothing of ${version} is in the span`] : []),
        ...this.#withoutLabels(),
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
    const named = fact.kind === 'chunk' ? fact.chunk.schema.arms : fact.labels.rows;
    let before: (typeof named)[number] | undefined;
    for (const each of named) {
      // Neighbours are mostly of one version: no key is made of them.
      if (each.version === before?.version && each.model === before.model) continue;
      before = each;
      await this.#loadVersion(each, eventsSeq);
    }
    if (fact.kind === 'chunk') this.#schema = fact.chunk.schema;
  }

  async #loadVersion({ model, version }: { model: string; version: string }, eventsSeq: number): Promise<void> {
    const key = `${model}@${version}`;
    if (this.#loaded.has(key)) return;
    const registered = this.governance.governance.versionAt(model, version, eventsSeq);
    if (registered !== undefined) await this.references.load(registered, this.#monitor === null);
    this.#loaded.add(key);
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

  /** Detectors that say nothing since nobody has told them anything. */
  #withoutLabels(): string[] {
    if (this.request.detectors.length === 0 || this.#first === null || this.#labels > 0) return [];
    return ['no label is in the span: detectors take the errors of labelled predictions'];
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
