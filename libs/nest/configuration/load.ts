import { join } from 'node:path';
import { environmentVariables, type ConfigurationFiles, type EnvironmentVariables } from '#libs/contracts/index.js';
import { accept, canonicalJson, ModelogError, reject, sha256Hex, type Result } from '#libs/kernel/index.js';
import { describeProblems, type ConfigurationProblem } from './problem.js';
import { configurationFile, loadYamlFiles } from './yaml-files.js';
import { problemsOf } from './zod-problems.js';

/** What an app is started with: the environment and the YAML files, validated, defaults filled in. */
export interface Configuration {
  readonly environment: EnvironmentVariables;
  readonly files: ConfigurationFiles;
  /** `sha256:` and the digest of the canonical JSON of `files`. */
  readonly digest: string;
}

export interface LoadConfigurationOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of the YAML files (default: MODELOG_CONFIG_DIR). */
  readonly directory?: string;
  /** What no schema says. */
  readonly checks?: readonly ConfigurationCheck[];
}

/** Looks at a file that its schema takes. */
export interface ConfigurationCheck {
  readonly file: keyof ConfigurationFiles;
  faults(files: ConfigurationFiles): readonly { readonly path: string; readonly detail: string }[];
}

/** The configuration does not hold; nothing was started. */
export class ConfigurationInvalid extends ModelogError {
  constructor(readonly problems: readonly ConfigurationProblem[]) {
    super('configuration_invalid', `the configuration is invalid\n${describeProblems(problems)}`);
  }
}

const defaultDirectory = 'config';

/** Reads and validates the environment and every YAML file: all problems at once, never just the first. */
export async function loadConfiguration({
  env,
  directory,
  checks = [],
}: LoadConfigurationOptions): Promise<Result<Configuration, readonly ConfigurationProblem[]>> {
  const environment = loadEnvironment(env);
  const named = directory ?? (env['MODELOG_CONFIG_DIR'] === '' ? undefined : env['MODELOG_CONFIG_DIR']);
  const folder = named ?? defaultDirectory;
  const files = await loadYamlFiles(folder, named !== undefined);
  const refused = files.ok ? refusedBy(checks, files.value, folder) : [];
  if (refused.length > 0) return reject([...(environment.ok ? [] : environment.rejection), ...refused]);
  if (environment.ok && files.ok) {
    const digest = `sha256:${sha256Hex(canonicalJson(files.value))}`;
    return accept({ environment: environment.value, files: files.value, digest });
  }
  return reject([...(environment.ok ? [] : environment.rejection), ...(files.ok ? [] : files.rejection)]);
}

/** `loadConfiguration` for a program's start. @throws ConfigurationInvalid, which runApp prints. */
export async function requireConfiguration(options: LoadConfigurationOptions): Promise<Configuration> {
  const loaded = await loadConfiguration(options);
  if (loaded.ok) return loaded.value;
  throw new ConfigurationInvalid(loaded.rejection);
}

const refusedBy = (
  checks: readonly ConfigurationCheck[],
  files: ConfigurationFiles,
  folder: string,
): ConfigurationProblem[] =>
  checks.flatMap((check) => {
    const source = join(folder, configurationFile(check.file));
    return check.faults(files).map((fault) => ({ source, ...fault }));
  });

function loadEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Result<EnvironmentVariables, readonly ConfigurationProblem[]> {
  // Compose files and shells set a variable to nothing to leave it out.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const parsed = environmentVariables.safeParse(given);
  return parsed.success
    ? accept(parsed.data)
    : reject(problemsOf(parsed.error, environmentVariables, given, 'environment'));
}
