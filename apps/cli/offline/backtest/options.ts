import { existsSync, readFileSync } from 'node:fs';
import { deploymentName } from '#libs/contracts/index.js';
import { isoTime, messageOf } from '#libs/kernel/index.js';
import { detectorFrom, type DetectorParameters } from '#libs/statistics/index.js';
import { CommandFailed } from '../../errors.js';
import { driftFlags, type BacktestFlags } from './flags.js';
import { readLabelsFile } from './labels-file.js';
import type { BacktestRequest, ChangePoint, Moment, WantedDetector } from './request.js';
import { changeFrom, changeOf, valueOf, type SettingsChange } from './settings.js';

/** @throws CommandFailed that names the flag, what it was and what was expected. */
export function requestOf(flags: BacktestFlags): BacktestRequest {
  expectBeside(flags.fresh, '--fresh', flags.from, '--from');
  expectBeside(flags.within !== undefined, '--within', flags.changePoints, '--change-points');
  const { version = null, fresh, labels } = flags;
  const drift = driftChanges(flags);
  const metric = metricChanges(flags);
  const others = flags.set.map(changeFrom);
  const detectors = flags.detector.map(detectorOf);
  const changes = [...drift, ...metric.changes, ...others];
  return {
    ...{ deployment: nameOf(flags.deployment), version, detectors, fresh },
    monitor: changes.length === 0 && detectors.length > 0 ? null : changes,
    conditions: conditionsOf(drift.length > 0, metric.conditions, others),
    from: flags.from === undefined ? null : momentOf('--from', flags.from),
    to: flags.to === undefined ? null : momentOf('--to', flags.to),
    changePoints: flags.changePoints === undefined ? [] : changePointsOf(flags.changePoints),
    within: flags.within === undefined ? null : withinOf(flags.within),
    labels: labels === undefined ? null : readLabelsFile(labels),
  };
}

/** One that says nothing without the other. */
function expectBeside(isGiven: boolean, flag: string, other: string | undefined, otherFlag: string): void {
  if (isGiven && other === undefined) throw new CommandFailed(`${flag}: expected ${otherFlag} beside it`, 1);
}

function nameOf(text: string): string {
  const parsed = deploymentName.safeParse(text);
  if (parsed.success) return text;
  throw new CommandFailed(`--deployment '${text}': ${parsed.error.issues[0]!.message}`, 1);
}

function driftChanges(flags: BacktestFlags): SettingsChange[] {
  return driftFlags.flatMap(([flag, place, key]) => {
    const text = flags[place];
    if (text === undefined) return [];
    return [
      changeOf(`--${flag} ${text}`, 'drift_detection', key, key === 'reference' ? referenceOf(text) : valueOf(text)),
    ];
  });
}

function referenceOf(text: string): unknown {
  const window = Number(text);
  if (text === 'training') return text;
  if (/^\d+$/.test(text) && Number.isSafeInteger(window) && window >= 1) return { window };
  throw new CommandFailed(`--reference ${text}: expected training or the number of a window`, 1);
}

/** A percentile of the latency has its own setting, and an accuracy of the configuration would be a second bound. */
function metricChanges({ metric, min, max }: BacktestFlags): {
  readonly changes: SettingsChange[];
  readonly conditions: string[];
} {
  if (metric === undefined) {
    if (min !== undefined || max !== undefined)
      throw new CommandFailed(`--${min === undefined ? 'max' : 'min'}: expected --metric beside it`, 1);
    return { changes: [], conditions: [] };
  }
  const flag = `--metric ${metric}`;
  if (min === undefined && max === undefined) throw new CommandFailed(`${flag}: expected --min, --max or both`, 1);
  const bounds = {
    ...(min !== undefined && { min: numberOf('--min', min) }),
    ...(max !== undefined && { max: numberOf('--max', max) }),
  };
  if (bounds.min !== undefined && bounds.max !== undefined && bounds.min > bounds.max)
    throw new CommandFailed(`--min ${min}: expected at most --max ${max}`, 1);
  const conditions = [`performance/${metric}`, `performance_estimated/${metric}`];
  if (metric === 'latency_p95') {
    if (bounds.max === undefined || min !== undefined)
      throw new CommandFailed(`${flag}: expected --max alone, in milliseconds`, 1);
    return { changes: [changeOf(`--max ${max}`, 'performance', 'latency_threshold', bounds.max)], conditions };
  }
  const changes = [changeOf(flag, 'performance', 'metrics', { [metric]: bounds }, true)];
  if (metric === 'accuracy') changes.push(changeOf(flag, 'performance', 'accuracy_threshold', null));
  return { changes, conditions };
}

/** What the changes are about; null where they say nothing of it: all is told. */
function conditionsOf(drift: boolean, metric: readonly string[], others: readonly SettingsChange[]): string[] | null {
  const beginnings = { drift_detection: 'data_drift/', quality: 'quality/', concept_drift: 'concept_drift/' } as const;
  const told = [
    ...(drift ? [beginnings.drift_detection] : []),
    ...metric,
    ...others.flatMap(({ part }) =>
      part === 'performance' ? ['performance/', 'performance_estimated/'] : [beginnings[part]],
    ),
  ];
  return told.length === 0 ? null : [...new Set(told)];
}

/** `adwin`, `ddm:warm_start=50,drift_threshold=2.5`. */
function detectorOf(text: string): WantedDetector {
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  const given = colon < 0 ? [] : text.slice(colon + 1).split(',');
  const values = new Map<string, DetectorParameters[string]>();
  for (const each of given) {
    const [, key, value] = /^\s*(\w+)\s*=\s*(\S+)\s*$/.exec(each) ?? [];
    if (key === undefined || value === undefined)
      throw new CommandFailed(`--detector ${text}: expected <name>:<parameter>=<value>,…, got '${each}'`, 1);
    if (values.has(key)) throw new CommandFailed(`--detector ${text}: ${key}: expected it once`, 1);
    const read = valueOf(value);
    values.set(key, typeof read === 'boolean' || (typeof read === 'number' && Number.isFinite(read)) ? read : value);
  }
  const parameters = Object.fromEntries(values);
  try {
    detectorFrom(name, parameters);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CommandFailed(`--detector ${text}: ${error.message}`, 1, { cause: error });
  }
  return { text, name, parameters };
}

/** `seq:41` in EVENTS, `traffic:1041`, or an ISO-8601 instant. */
function momentOf(flag: string, text: string): Moment {
  const moment = momentIn(text);
  if (moment !== null) return moment;
  throw new CommandFailed(
    `${flag} ${text}: expected seq:<position in EVENTS>, traffic:<position in TRAFFIC> or an instant, such as 2026-05-01T00:00:00Z`,
    1,
  );
}

function momentIn(text: string): Moment | null {
  const [, stream, digits] = /^(seq|traffic):(\d+)$/.exec(text) ?? [];
  const seq = Number(digits);
  if (stream !== undefined && Number.isSafeInteger(seq) && seq >= 1)
    return { kind: stream === 'seq' ? 'events' : 'traffic', seq, text };
  const [, day] = /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/.exec(text) ?? [];
  const time = Date.parse(text);
  // A 31st of February would be read as a day of March.
  if (day === undefined || Number.isNaN(time) || isoTime(Date.parse(day)).slice(0, 10) !== day) return null;
  return { kind: 'time', time, text };
}

/** One after another, or the file that has them. */
function changePointsOf(text: string): ChangePoint[] {
  const flag = `--change-points ${text}`;
  const expected = 'expected samples from 0 or moments, separated by commas, or a file of them';
  const isFile = splitPoints(text).some((each) => changePointIn(each) === null) && existsSync(text);
  const given = splitPoints(isFile ? readText(flag, text) : text);
  if (given.length === 0) throw new CommandFailed(`${flag}: ${expected}, got none`, 1);
  return given.map((each) => {
    const point = changePointIn(each);
    if (point !== null) return point;
    throw new CommandFailed(`${flag}: ${expected}, got '${each}'`, 1);
  });
}

const splitPoints = (text: string): string[] => text.split(/[\s,]+/).filter((each) => each !== '');

function changePointIn(text: string): ChangePoint | null {
  const index = Number(text);
  return /^\d+$/.test(text) && Number.isSafeInteger(index) ? { kind: 'sample', index, text } : momentIn(text);
}

function readText(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailed(`${flag}: ${messageOf(error)}`, 1, { cause: error });
  }
}

function withinOf(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new CommandFailed(`--within ${text}: expected a whole number from 1`, 1);
}

function numberOf(flag: string, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new CommandFailed(`${flag} ${text}: expected a number`, 1);
}
