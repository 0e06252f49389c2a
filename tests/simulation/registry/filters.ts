/** Random filters: each as the text a caller writes and, written apart from any parser, as a function. */
import fc from 'fast-check';
import type { Searched } from './naive-registry.js';

export interface Filter {
  readonly text: string;
  readonly passes: (version: Searched) => boolean;
}

const bytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const order = {
  '<': (n: number) => n < 0,
  '<=': (n: number) => n <= 0,
  '>': (n: number) => n > 0,
  '>=': (n: number) => n >= 0,
};

const stage = fc
  .constantFrom('development', 'staging', 'production')
  .map((value): Filter => ({ text: `stage = "${value}"`, passes: (version) => version.stage === value }));
const archived = fc
  .boolean()
  .map((value): Filter => ({ text: `archived = ${value}`, passes: (version) => version.archived === value }));
const champion = fc
  .boolean()
  .map((value): Filter => ({ text: `champion = ${value}`, passes: (version) => version.champion === value }));
const alias = fc.constantFrom('candidate', 'old', 'champion').map((value): Filter => ({
  text: `alias = '${value}'`,
  passes: (version) => (value === 'champion' ? version.champion : version.aliases.includes(value)),
}));
const metric = fc
  .tuple(
    fc.constantFrom('auc', 'f1 score', 'loss'),
    fc.constantFrom<keyof typeof order>('<', '<=', '>', '>='),
    fc.constantFrom(0, 0.5, 0.9, -3),
  )
  .map(([name, operator, value]): Filter => ({
    text: `metrics."${name}" ${operator} ${value}`,
    passes: ({ metrics }) => Object.hasOwn(metrics, name) && order[operator](metrics[name]! - value),
  }));
const tag = fc
  .tuple(fc.constantFrom('team', 'data center', 'é'), fc.constantFrom('', 'x', "it's", 'y'), fc.boolean())
  .map(([name, value, equal]): Filter => ({
    text: `tags.\`${name}\` ${equal ? '=' : '!='} "${value}"`,
    passes: ({ tags }) => Object.hasOwn(tags, name) && (tags[name] === value) === equal,
  }));
const name = fc
  .tuple(fc.constantFrom('B', 'a', 'zz'), fc.constantFrom<keyof typeof order>('<', '>='))
  .map(([value, operator]): Filter => ({
    text: `name ${operator} '${value}'`,
    passes: ({ model_id }) => order[operator](bytes(model_id, value)),
  }));
const author = fc.subarray(['ada', 'bo'], { minLength: 1 }).map((values): Filter => ({
  text: `created_by in (${values.map((value) => `"${value}"`).join(', ')})`,
  passes: ({ created_by }) => values.includes(created_by),
}));
const described = fc.boolean().map((value): Filter => ({
  text: `description is ${value ? 'not ' : ''}null`,
  passes: ({ description }) => (description !== null) === value,
}));

const comparison = fc.oneof(stage, archived, champion, alias, metric, tag, name, author, described);

export const filter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3 },
    { weight: 3, arbitrary: comparison },
    fc.tuple(tie('filter'), tie('filter')).map(([a, b]): Filter => ({
      text: `(${a.text}) and (${b.text})`,
      passes: (version) => a.passes(version) && b.passes(version),
    })),
    fc.tuple(tie('filter'), tie('filter')).map(([a, b]): Filter => ({
      text: `${a.text} OR (${b.text})`,
      passes: (version) => a.passes(version) || b.passes(version),
    })),
    tie('filter').map((a): Filter => ({ text: `not (${a.text})`, passes: (version) => !a.passes(version) })),
  ),
})).filter;
