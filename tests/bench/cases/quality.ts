import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootFolder } from '#apps/platform/root-folder.js';
import { readParameters, type Algorithm, type GivenParameters, type Learner } from '#libs/contracts/index.js';
import { InvalidArguments } from '../arguments.js';
import { findPython, type Python } from '../baselines/python.js';
import type { BenchCase, CaseReport } from '../bench.js';
import { compare, renderComparisons, type Scores } from '../harness/quality.js';
import { openLearnable, scoresOf, splitOf, type DataFile, type Learnable } from '../product/learned-splits.js';

const seeds = [1, 2, 3, 4, 5] as const;

/** Names of data sets, between commas; left out: all. */
const wanted = process.env['MODELOG_BENCH_DATASETS'];

/** Built-in trainers with the features that a job makes by itself, beside scikit-learn's on the same rows. */
export const quality: BenchCase = {
  name: 'quality',
  about: `built-in trainers beside scikit-learn's on ${seeds.length} splits of seven data sets (five minutes of CPU; needs Python)`,
  unit: '',
  needsLoadGenerator: false,
  maxBlocks: 1,
  warmUp: false,
  prepare: async ({ scratch }) => {
    const python = await findPython(['sklearn', 'pandas']);
    return {
      alternatives: [],
      report: async (signal) =>
        typeof python === 'string' ? { text: `did not run: ${python}` } : measure(python, scratch, signal),
      close: () => Promise.resolve(),
    };
  },
};

const script = join(rootFolder, 'tests/bench/baselines/scikit_learn_quality.py');
const fixture = (name: string): string => join(rootFolder, 'tests/fixtures/datasets', name);

/** As both trainers are given it, apart from what the product makes of the file. */
interface Task extends DataFile {
  readonly name: string;
  readonly learners: readonly NamedLearner[];
}
type NamedLearner = Learner & { readonly name: string };

function tasks(scratch: string): readonly Task[] {
  const classification = { task: 'classification', learners: classifiers } as const;
  const bundled = (name: string) => ({ name, file: join(scratch, `${name}.csv`), target: 'target' });
  const all: readonly Task[] = [
    { ...classification, name: 'elec', file: fixture('elec.csv.gz'), target: 'class' },
    { ...classification, name: 'adult', file: fixture('adult.csv.gz'), target: 'income' },
    { ...classification, ...bundled('adult_blanks'), target: 'income' },
    { ...classification, ...bundled('breast_cancer') },
    { ...classification, ...bundled('wine') },
    { ...classification, ...bundled('digits') },
    { ...bundled('diabetes'), task: 'regression', learners: regressors },
  ];
  const asked = wanted?.split(',') ?? all.map(({ name }) => name);
  return asked.map((asking) => {
    const found = all.find(({ name }) => name === asking);
    if (found !== undefined) return found;
    throw new InvalidArguments(
      `MODELOG_BENCH_DATASETS: expected some of ${all.map(({ name }) => name).join(', ')}, got "${asking}"`,
    );
  });
}

const trees = [learner('gradient_boosting'), learner('random_forest')];
const classifiers = [...trees, learner('logistic_regression')];
const regressors = [...trees, learner('linear_regression'), learner('linear_regression', { l2: 0 })];

/** Defaults of the product but for what is given; scikit-learn is given them all. */
function learner(algorithm: Algorithm, given: GivenParameters = {}): NamedLearner {
  const read = readParameters(algorithm, given);
  if (!read.ok) throw new Error(read.rejection.detail);
  const changes = Object.entries(given).map(([name, value]) => `, ${name} ${value}`);
  return { name: `${algorithm}${changes.join('')}`, ...read.value };
}

async function measure(python: Python, scratch: string, signal: AbortSignal): Promise<CaseReport> {
  for await (const line of python.lines(script, ['data', scratch, fixture('adult.csv.gz')], signal))
    console.error(line);
  const opened = await Promise.all(
    tasks(scratch).map(async (task) => ({ task, learnable: await openLearnable(task) })),
  );
  // What is measured is no time: both may run at once.
  const [ours, theirs] = await together(signal, [
    (either) => ourScores(opened, either),
    (either) => theirScores(python, opened, scratch, either),
  ]);
  const comparisons = [...theirs].map(([key, scores]) => compare({ ...scores, ours: ours.get(key) ?? [] }));
  return { text: `${python.description}\n${renderComparisons(comparisons)}`, figures: comparisons };
}

/** Both, or the first failure once the other has been told to stop. */
async function together<A, B>(
  signal: AbortSignal,
  [a, b]: readonly [(signal: AbortSignal) => Promise<A>, (signal: AbortSignal) => Promise<B>],
): Promise<[A, B]> {
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  try {
    return await Promise.all([a(either), b(either)]);
  } catch (error) {
    failure.abort(error);
    throw error;
  }
}

type Opened = readonly { readonly task: Task; readonly learnable: Learnable }[];

const keyOf = (...names: readonly string[]): string => names.join('/');

async function ourScores(opened: Opened, signal: AbortSignal): Promise<ReadonlyMap<string, readonly number[]>> {
  const scores = new Map<string, number[]>();
  for (const { task, learnable } of opened) {
    for (const one of task.learners) {
      for (const seed of seeds) {
        signal.throwIfAborted();
        const measured = await scoresOf(learnable, one, splitOf(learnable, seed), seed);
        for (const [metric, value] of Object.entries(measured)) add(scores, keyOf(task.name, one.name, metric), value);
      }
      report(`${task.name}, ${one.name}`);
    }
  }
  return scores;
}

interface TheirLine {
  readonly dataset: string;
  readonly learner: string;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Which metrics are compared is theirs to say. */
async function theirScores(
  python: Python,
  opened: Opened,
  scratch: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Omit<Scores, 'ours'>>> {
  const file = join(scratch, 'quality.json');
  const datasets = opened.map(({ task, learnable }) => ({
    ...task,
    splits: seeds.map((seed) => {
      const { train, test } = splitOf(learnable, seed);
      return { train: [...train], test: [...test] };
    }),
  }));
  writeFileSync(file, JSON.stringify({ datasets }));
  const scores = new Map<string, Omit<Scores, 'ours'> & { theirs: number[] }>();
  for await (const line of python.lines(script, ['measure', file], signal)) {
    const { dataset, learner: name, metrics } = JSON.parse(line) as TheirLine;
    for (const [metric, value] of Object.entries(metrics)) {
      const key = keyOf(dataset, name, metric);
      const known = scores.get(key) ?? { dataset, learner: name, metric, theirs: [] };
      known.theirs.push(value);
      scores.set(key, known);
    }
  }
  report("scikit-learn's measured");
  return scores;
}

function add(scores: Map<string, number[]>, key: string, value: number): void {
  const known = scores.get(key);
  if (known === undefined) scores.set(key, [value]);
  else known.push(value);
}

const report = (what: string): void => {
  console.error(`quality: ${what}`);
};
