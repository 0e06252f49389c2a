import { describe, expect, it } from '@jest/globals';
import type { QualityIssue } from '#libs/contracts/index.js';
import { decodeTextHashes, encodeTextHashes } from '#libs/kernel/index.js';
import type { ReferenceSet } from '../contract.js';
import { DeploymentMonitor } from '../monitor.js';
import {
  applyAll,
  chunkFacts,
  chunkOf,
  contextOf,
  deployment,
  findingsIn,
  referenceOfRows,
  settingsOf,
  tickFact,
  windowsIn,
  type Rows,
} from '../testing/messages.js';
import { normals, texts, uniforms } from '../testing/numbers.js';

const size = 200;

/** Rows like the reference, with these features in place of its own. */
const rowsWith = (features: Rows['features'] = {}, seed = 1): Rows => ({
  features: {
    age: normals(size, seed),
    income: normals(size, seed + 100),
    plan: texts(size, seed, ['basic', 'plus', 'pro']),
    ...features,
  },
  probability: uniforms(size, seed),
});

const reference = referenceOfRows({
  features: {
    age: normals(3000, 7),
    // One in ten is missing.
    income: normals(3000, 8).map((value, row) => (row % 10 === 0 ? Number.NaN : value)),
    plan: texts(3000, 9, ['basic', 'plus', 'pro']),
  },
  probability: uniforms(3000, 9),
});

const settings = settingsOf({ drift_detection: { window_size: size } });
const context = contextOf(settings, { '1.0.0': reference });

function judge(...windows: readonly Rows[]) {
  const facts = chunkFacts(
    windows.map((rows, index) => chunkOf(rows, { counter: index + 1 })),
    { every: 20_000 },
  );
  return applyAll(new DeploymentMonitor(deployment), facts, context);
}

const issuesOf = (...windows: readonly Rows[]) =>
  windowsIn(judge(...windows)).map(({ quality: { issues } }) =>
    issues.map(({ check, column }) => `${check} ${column ?? '*'}`),
  );

const told = (outputs: ReturnType<typeof judge>): [string, number | null, string[]][] =>
  findingsIn(outputs).flatMap(({ type, data }) =>
    'issues' in data ? [[type, data.window, data.issues.map(({ condition }: QualityIssue) => condition)]] : [],
  );

describe('quality', () => {
  it('finds nothing in rows like the reference', () => {
    const windows = Array.from({ length: 10 }, (_, index) => rowsWith({}, index + 1));
    const withMissing = rowsWith({
      income: normals(size, 3).map((value, row) => (row % 10 === 0 ? Number.NaN : value)),
    });
    expect(issuesOf(...windows, withMissing).flat()).toEqual([]);
  });

  it('finds missing values beyond those of the reference', () => {
    const part = (every: number) =>
      rowsWith({ income: normals(size, 3).map((v, row) => (row % every === 0 ? Number.NaN : v)) });
    expect(issuesOf(part(7), part(6))).toEqual([[], ['missing income']]);
    const [window] = windowsIn(judge(part(6)));
    expect(window!.quality.issues[0]).toMatchObject({ value: 34 / 200, expected: 0.1 });
    expect(window!.quality.issues[0]!.threshold).toBeCloseTo(0.15, 12);
    expect(issuesOf(rowsWith({ plan: texts(size, 1, ['basic', 'plus', '']) }))).toEqual([['missing plan']]);
  });

  it('says of a column that is all missing just that', () => {
    const empty = rowsWith({ age: Array.from({ length: size }, () => Number.NaN) });
    expect(issuesOf(empty)).toEqual([['missing age']]);
    const [window] = windowsIn(judge(empty));
    expect(window!.quality.columns[0]).toMatchObject({ missing: size, min: null, mean: null, sd: null, distinct: 0 });
  });

  it('finds values out of range, infinite ones among them', () => {
    const some = normals(size, 3).map((value, row) => (row < 6 ? 1e6 : row < 9 ? -1e6 : row < 12 ? Infinity : value));
    const [window] = windowsIn(judge(rowsWith({ age: some })));
    expect(window!.quality.columns[0]).toMatchObject({ column: 'age', out_of_range: 12 });
    expect(window!.quality.issues).toMatchObject([
      { check: 'range', column: 'age', value: 12 / 200, expected: 0, threshold: 0.05 },
    ]);
    expect(window!.quality.issues[0]!.detail).toMatch(/3 below, 6 above, 3 infinite/);
  });

  it('finds categories that the reference does not have, and names them', () => {
    const plans = texts(size, 3, ['basic', 'plus', 'pro']).map((plan, row) =>
      row < 2 ? 'gold' : row < 5 ? 'free' : plan,
    );
    const [window] = windowsIn(judge(rowsWith({ plan: plans })));
    expect(window!.quality.issues).toMatchObject([{ check: 'unseen_category', column: 'plan', value: 5 / 200 }]);
    expect(window!.quality.columns[2]).toMatchObject({
      unseen: 5,
      unseen_values: [
        { value: 'free', count: 3 },
        { value: 'gold', count: 2 },
      ],
    });
  });

  it('finds no category unseen that the baseline has beyond those it tells, and those that it has not', () => {
    const many = Array.from({ length: 300 }, (_, index) => `airport ${index}`);
    const rows = (seed: number, some: readonly string[] = many): Rows => ({
      features: { origin: texts(size, seed, some) },
    });
    const told = referenceOfRows({ features: { origin: texts(20_000, 1, many) } });
    const others = { hashes: decodeTextHashes(encodeTextHashes(many)), once: 0 };
    const full = { ...told, features: told.features.map((column) => ({ ...column, others })) };
    const unseenIn = (reference: ReferenceSet, windows: readonly Rows[]) =>
      windowsIn(
        applyAll(
          new DeploymentMonitor(deployment),
          chunkFacts(windows.map((each, index) => chunkOf(each, { counter: index + 1 }))),
          contextOf(settings, { '1.0.0': reference }),
        ),
      ).map(({ quality: { issues, columns } }) => [
        columns[0]!.unseen,
        issues.filter(({ check }) => check === 'unseen_category').length,
      ]);
    const usual = Array.from({ length: 40 }, (_, seed) => rows(seed));
    const strange = rows(99, [...many, ...Array.from({ length: 15 }, (_, index) => `new ${index}`)]);
    for (const found of unseenIn(full, usual)) expect(found).toEqual([0, 0]);
    const unknown = strange.features['origin']!.filter((value) => String(value).startsWith('new')).length;
    expect(unseenIn(full, [strange])).toEqual([[unknown, 1]]);
    expect(unknown).toBeGreaterThan(0);
    // An older baseline knows what share of its rows is of others: chance alone makes no issue.
    for (const [unseen, issues] of unseenIn(told, usual)) {
      expect(unseen).toBeGreaterThan(100);
      expect(issues).toBe(0);
    }
    expect(unseenIn(told, [rows(1, ['new'])])).toEqual([[size, 1]]);
  });

  it('finds a column that varied and is constant, not one whose rare value is absent', () => {
    const rare = referenceOfRows({
      features: { flag: Array.from({ length: 3000 }, (_, row) => Number(row % 50 === 0)), age: normals(3000, 1) },
    });
    const window = chunkOf({
      features: { flag: new Array<number>(size).fill(0), age: new Array<number>(size).fill(0.5) },
    });
    const outputs = applyAll(
      new DeploymentMonitor(deployment),
      chunkFacts([window]),
      contextOf(settings, { '1.0.0': rare }),
    );
    expect(windowsIn(outputs)[0]!.quality.issues).toMatchObject([{ check: 'constant', column: 'age', value: 1 }]);
  });

  it('finds rows refused because of a column, and for what is no column', () => {
    const refused = [
      '["input.age"]',
      '["input.age","input.plan"]',
      '["input.age"]',
      '["input"]',
      '["input.unknown"]',
      '["input.other"]',
    ];
    const rows = { ...rowsWith(), refused };
    const outputs = judge(rows, rowsWith({}, 2));
    // 200 of 206 rows are in the first window: none of those refused.
    expect(windowsIn(outputs)[0]!.rows).toEqual({ served: 200, failed: 0, refused: 0 });
    expect(windowsIn(outputs)[1]!.quality.issues).toMatchObject([
      { check: 'type', column: 'age', value: 3 / 200 },
      { check: 'type', column: null, value: 3 / 200 },
    ]);
    expect(windowsIn(outputs)[1]!.quality.columns.map(({ type_errors }) => type_errors)).toEqual([3, 0, 1]);
  });

  it('finds texts that are no numbers where the reference has numbers', () => {
    const dates = referenceOfRows({ features: { day: Array.from({ length: 500 }, (_, day) => 86_400_000 * day) } });
    const days = texts(size, 1, ['1970-02-03', '1970-03-01T12:00', '1970-03-01 12:00:00.5+02:00']);
    const outputs = applyAll(
      new DeploymentMonitor(deployment),
      chunkFacts([chunkOf({ features: { day: days.map((day, row) => (row < 10 ? 'soon' : day)) } })]),
      contextOf(settings, { '1.0.0': dates }),
    );
    expect(windowsIn(outputs)[0]!.quality).toMatchObject({
      columns: [{ type_errors: 10, missing: 0, min: Date.parse('1970-02-03'), max: Date.parse('1970-03-01T12:00Z') }],
      issues: [{ check: 'type', column: 'day', value: 0.05 }],
    });
  });

  it('finds a rate of rows that is far from that of the windows before', () => {
    // 50 rows every two seconds, and one window at ten times that.
    const slow = Array.from({ length: 6 * 4 }, (_, index) => 2000 * index);
    const fast = Array.from({ length: 4 }, (_, index) => 60_000 + 200 * index);
    const rows = (index: number) => ({ features: { age: normals(50, index) } });
    const facts = [...slow, ...fast].flatMap((logTime, index) =>
      chunkFacts([chunkOf(rows(index), { counter: index + 1 })], { from: logTime, seq: index + 1 }),
    );
    const outputs = applyAll(new DeploymentMonitor(deployment), facts, contextOf(settings, { '1.0.0': reference }));
    const volume = windowsIn(outputs).map(({ quality: { issues } }) =>
      issues.filter(({ check }) => check === 'volume'),
    );
    expect(volume.slice(0, 6).flat()).toEqual([]);
    expect(volume[6]).toMatchObject([{ column: null, value: 200, expected: 200 / 6, threshold: 5 * (200 / 6) }]);
  });

  it('tells each issue once and its end once, those of a window in one event', () => {
    const bad = rowsWith({ age: normals(size, 1, 100), plan: texts(size, 1, ['x', 'y']) });
    const outputs = judge(rowsWith(), bad, bad, rowsWith(), bad, rowsWith(), rowsWith(), rowsWith());
    const both = ['quality/range/age', 'quality/unseen_category/plan'];
    expect(told(outputs)).toEqual([
      ['QualityIssueFound', 2, both],
      ['QualityIssueCleared', 7, both],
    ]);
    const open = windowsIn(outputs).map((window) =>
      window.open.filter((condition) => condition.startsWith('quality/')),
    );
    expect(open).toEqual([[], both, both, both, both, both, [], []]);
  });

  it('tells once that there is no reference, and goes on without one', () => {
    const without = contextOf(settings, { '1.0.0': { missing: 'the version was registered without a baseline' } });
    const facts = chunkFacts([1, 2, 3].map((seed) => chunkOf(rowsWith({}, seed), { counter: seed })));
    const outputs = applyAll(new DeploymentMonitor(deployment), facts, without);
    expect(told(outputs)).toEqual([['QualityIssueFound', 1, ['quality/no_reference/*']]]);
    for (const window of windowsIn(outputs)) {
      expect(window).toMatchObject({ reference: null, drift: [] });
      expect(window.notes).toEqual(['nothing to compare with: the version was registered without a baseline']);
      expect(window.quality.columns.map(({ column, distinct }) => [column, distinct])).toEqual([
        ['age', size],
        ['income', size],
        ['plan', 3],
      ]);
      expect(window.quality.columns[2]).toMatchObject({ min: null, mean: null, unseen: 0, unseen_values: [] });
    }
  });

  it('of eleven hundred columns with long names stays below a megabyte, in a record and in each event', () => {
    const name = (index: number) => `${'column-of-a-data-set-'.repeat(10)}${index}`;
    const columns = (value: number): Rows => ({
      features: Object.fromEntries(
        Array.from({ length: 1100 }, (_, index) => [name(index), Array.from({ length: 100 }, (_, row) => value + row)]),
      ),
    });
    const outputs = applyAll(
      new DeploymentMonitor(deployment),
      chunkFacts([chunkOf(columns(1000))]),
      contextOf(settingsOf({ drift_detection: { window_size: 100 } }), { '1.0.0': referenceOfRows(columns(0)) }),
    );
    const sizes = outputs.map((output) => Buffer.byteLength(JSON.stringify(output)));
    expect(Math.max(...sizes)).toBeLessThan(1_000_000);
    const issues = findingsIn(outputs).flatMap(({ data }) => ('issues' in data ? data.issues : []));
    expect(new Set(issues.map(({ condition }) => condition)).size).toBe(1100);
    expect(windowsIn(outputs)[0]!.drift[0]).toMatchObject({ drifted: true, drifted_columns: 1100 });
    expect(windowsIn(outputs)[0]!.quality.columns.length).toBeGreaterThan(100);
  });

  it('of a million categories stays small', () => {
    const many = referenceOfRows({ features: { id: Array.from({ length: 5000 }, (_, row) => `id-${row}`) } });
    const large = settingsOf({ drift_detection: { window_size: 200_000 } });
    const chunks = Array.from({ length: 20 }, (_, chunk) =>
      chunkOf(
        { features: { id: Array.from({ length: 10_000 }, (_, row) => `id-${10_000 * chunk + row}`) } },
        { counter: chunk + 1 },
      ),
    );
    const outputs = applyAll(
      new DeploymentMonitor(deployment),
      chunkFacts(chunks),
      contextOf(large, { '1.0.0': many }),
    );
    const [window] = windowsIn(outputs);
    expect(window!.quality.columns[0]!.unseen_values).toHaveLength(20);
    expect(window!.quality.columns[0]!.distinct).toBeGreaterThan(180_000);
    // 4,900 of its 5,000 rows are others in the reference, too.
    expect(window!.quality.issues).toMatchObject([{ check: 'unseen_category', expected: 0.98 }]);
    expect(JSON.stringify(outputs).length).toBeLessThan(10_000);
  });
});

describe('silence', () => {
  const watchful = contextOf(settingsOf({ quality: { max_silence_s: 300 } }), { '1.0.0': reference });
  const row = (counter: number) => chunkOf({ features: { age: [1] } }, { counter });

  it('is told by the tick that finds it, once, and over with the next row', () => {
    const outputs = applyAll(
      new DeploymentMonitor(deployment),
      [
        tickFact(1, 0),
        ...chunkFacts([row(1)], { from: 1000, seq: 2 }),
        tickFact(3, 301_000),
        tickFact(4, 301_001),
        tickFact(5, 400_000),
        ...chunkFacts([row(2)], { from: 500_000, seq: 6 }),
        tickFact(7, 560_000),
      ],
      watchful,
    );
    expect(findingsIn(outputs).map(({ type, data }) => [type, data.at, data.inputs.last.seq])).toEqual([
      ['QualityIssueFound', '1970-01-01T00:05:01.001Z', 2],
      ['QualityIssueCleared', '1970-01-01T00:08:20.000Z', 2],
    ]);
    const ids = findingsIn(outputs).map(({ data }) => ('issues' in data ? data.issues[0]!.finding_id : ''));
    expect(ids[0]).toBe(ids[1]);
  });

  it('is not told before the first row, by ticks that run back, or where no bound is set', () => {
    const facts = [tickFact(1, 0), ...chunkFacts([row(1)], { from: 0, seq: 2 })];
    const back = { ...tickFact(3, 0), logTime: 900_000 };
    expect(applyAll(new DeploymentMonitor(deployment), [...facts, back], watchful)).toEqual([]);
    expect(applyAll(new DeploymentMonitor(deployment), [...facts, tickFact(3, 900_000)], context)).toEqual([]);
  });
});
