import { openArtifactReader } from '#libs/artifacts/index.js';
import { systemClock } from '#libs/kernel/index.js';
import type { AlarmScore } from '#libs/statistics/index.js';
import type { Io } from '../io.js';
import type { BacktestFlags } from '../offline/backtest/flags.js';
import { requestOf } from '../offline/backtest/options.js';
import { backtest, type BacktestReport, type ComparedFinding } from '../offline/backtest/run.js';
import { findLog, openLog } from '../offline/servers.js';
import { monitoringText } from '../text/finding.js';
import { table } from '../text/table.js';

/** Lines of findings that are printed; --json has them all. */
const mostLines = 200;

/** What detectors, or the monitor with other settings, would have found in recorded traffic. */
export async function runBacktest(io: Io, flags: BacktestFlags, { json }: { readonly json: boolean }): Promise<void> {
  const request = requestOf(flags);
  const log = await openLog(findLog(io.env));
  try {
    const artifacts = await openArtifactReader({ connection: log.connection, clock: systemClock });
    const report = await backtest(request, { ...log, artifacts }, io);
    io.progress('');
    if (json) io.out(JSON.stringify(report));
    else for (const line of told(report)) io.out(line);
  } finally {
    await log.close();
  }
}

function told(report: BacktestReport): string[] {
  const { deployment, span, rows, labels, recorded, notes } = report;
  if (span === null) return [`Nothing of ${deployment} is in the span`, ...notes.map(noteLine)];
  const counted = [...(report.monitor === null && rows === 0 ? [] : [`${rows} rows`]), `${labels} labels`].join(', ');
  const both = report.compared.filter((each) => each.recorded && each.index !== null).length;
  const compared = report.monitor === null ? '' : `; ${both} of them were found here too`;
  return [
    `${deployment}, TRAFFIC ${span.first_seq} to ${span.last_seq}, ${span.from} to ${span.to}: ${counted}`,
    ...section('Alarms', alarmLines(report)),
    ...section('Findings', findingLines(report)),
    ...section('Summary', summaryLines(report)),
    ...section('Beside them', [
      `Recorded in this span: ${recorded.length} findings${compared}`,
      ...noChangeLines(report),
      ...notes.map(noteLine),
    ]),
  ];
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines];

const noteLine = (note: string): string => `Note: ${note}`;

function alarmLines({ detectors }: BacktestReport): string[] {
  const lines = detectors.flatMap(({ detector, version, alarms }) =>
    alarms.map(({ index, label, at, reading: { mean, statistic, threshold } }) => [
      ...[detector, version, String(index), `${label.seq}/${label.row}`, at],
      ...[mean, statistic, threshold].map((value) => (value === null ? '-' : short(value))),
    ]),
  );
  const head = ['detector', 'version', 'sample', 'label at', 'time', 'mean error', 'statistic', 'threshold'];
  return lines.length === 0 ? [] : cut(table(head, lines));
}

function findingLines({ compared }: BacktestReport): string[] {
  const lines = compared.map((each) => {
    const { finding, index } = each;
    const { at, inputs } = finding.data;
    const text = monitoringText(finding.type, finding.data) ?? finding.type;
    return [at, `${inputs.last.seq}/${inputs.last.row}`, index === null ? '-' : String(index), whereOf(each), text];
  });
  const head = ['time', 'up to', 'row', 'found', 'what'];
  return lines.length === 0 ? [] : cut(table(head, lines));
}

const whereOf = ({ recorded, index }: ComparedFinding): string =>
  index === null ? 'recorded' : recorded ? 'both' : 'here';

/** Under a line with the columns' names. */
const cut = (lines: readonly string[]): string[] =>
  lines.length <= mostLines + 1
    ? [...lines]
    : [...lines.slice(0, mostLines + 1), `… and ${lines.length - mostLines - 1} more: --json has them all`];

function summaryLines({ detectors, monitor }: BacktestReport): string[] {
  const rows = [
    ...detectors.map(({ detector, version, score }) => [detector, version, ...scoreCells(score, 'labels')]),
    ...(monitor?.scores ?? []).map(({ condition, version, score }) => [
      condition,
      version,
      ...scoreCells(score, 'rows'),
    ]),
  ];
  const head = ['what', 'version', 'of', 'alarms', 'found', 'recall', 'precision', 'mean delay'];
  const lines = rows.length === 0 ? [] : table([...head, 'false', 'false per 10,000', 'between false ones'], rows);
  const windows = (monitor?.versions ?? []).map(
    ({ version, rows: all, windows: closed }) => `${version}: ${all} rows in ${closed} windows that ended`,
  );
  return [...lines, ...windows];
}

/** Without known changes every alarm counts as false, and nothing is found. */
function scoreCells(score: AlarmScore, unit: string): string[] {
  const known = score.episodes.length > 0;
  const found = score.episodes.filter((episode) => episode.found !== null).length;
  const cell = (value: number | null): string => (value === null ? '-' : short(value));
  return [
    `${score.samples} ${unit}`,
    String(score.alarms),
    known ? `${found} of ${score.episodes.length}` : '-',
    cell(score.recall),
    known ? cell(score.precision) : '-',
    cell(score.mean_delay),
    known ? String(score.false_alarms) : '-',
    cell(score.false_alarms_per_10000),
    cell(score.mean_time_between_false_alarms),
  ];
}

/** On streams whose labels repeat, alarms by chance raise accuracy too: it proves nothing beside this. */
function noChangeLines({ errors, monitor }: BacktestReport): string[] {
  const line = (version: string, labels: number, unchanged: number | null, accuracy: number | null): string[] =>
    unchanged === null
      ? []
      : [
          `${version}: answering as the label before reaches ${short(100 * unchanged)} % over ${labels} labels${accuracy === null ? '' : `, the version ${short(100 * accuracy)} %`}`,
        ];
  return errors.length > 0
    ? errors.flatMap(({ version, labels, no_change_accuracy, accuracy }) =>
        line(version, labels, no_change_accuracy, accuracy),
      )
    : (monitor?.versions ?? []).flatMap(({ version, labels, no_change_accuracy }) =>
        line(version, labels, no_change_accuracy, null),
      );
}

/** Four digits say enough. */
const short = (value: number): string => String(Number(value.toPrecision(4)));
