import { isSecretName, withoutUserInfo } from '../secrets.js';

/** One thing that is wrong with the configuration. */
export type ConfigurationProblem = UnexpectedValue | RefusedValue;

interface Placed {
  /** The YAML file's path, its folder, or `environment`. */
  readonly source: string;
  /** Name of the variable; path of the key in the file; `line 3, column 5` of a syntax error; empty for the whole. */
  readonly path: string;
}

/** What a schema takes no such value for. */
export interface UnexpectedValue extends Placed {
  /** What was found, as text, secrets masked; undefined where nothing was. */
  readonly value?: string;
  readonly expected: string;
}

/** What an app could not go by, though the schema takes it. */
export interface RefusedValue extends Placed {
  /** What is wrong with it, and what was expected. */
  readonly detail: string;
}

/** One line for each problem, for a person. */
export const describeProblems = (problems: readonly ConfigurationProblem[]): string =>
  problems
    .map((problem) => {
      const { source, path } = problem;
      const where = path === '' ? source : `${source}: ${path}`;
      if ('detail' in problem) return `${where}: ${problem.detail}`;
      const { expected, value } = problem;
      return `${where}: expected ${expected}${value === undefined ? '' : `, found ${value}`}`;
    })
    .join('\n');

const longestShown = 200;

/** A value as a problem shows it. */
export function shownValue(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (isSecretName(name)) return '***';
  const text = withoutUserInfo(JSON.stringify(value, (key, inner: unknown) => (isSecretName(key) ? '***' : inner)));
  return text.length <= longestShown ? text : `${text.slice(0, longestShown)}…`;
}
