import { z } from 'zod';

/**
 * Names people give to models and deployments: letters, digits, `.`, `_`, `-` and inner spaces, at most 128 characters.
 * `@`, `/`, `:`, `*` and `>` are left out because they separate versions, paths, instants and subjects.
 */
const namePattern = /^[A-Za-z0-9._-](?:[A-Za-z0-9._ -]*[A-Za-z0-9._-])?$/;

const named = (what: string) =>
  z
    .string()
    .min(1)
    .max(128)
    .regex(namePattern, `a ${what} holds letters, digits, '.', '_', '-' and inner spaces only`)
    .refine((name) => name !== '.' && name !== '..', `'.' and '..' are not ${what}s`);

export const modelName = named('model name').meta({ id: 'ModelName', description: 'Name of a registered model' });

export const deploymentName = named('deployment name').meta({
  id: 'DeploymentName',
  description: 'Name of a deployment: the address that predictions are sent to',
});

const semanticVersion = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/;

export const modelVersion = z
  .string()
  .regex(semanticVersion, 'a version is MAJOR.MINOR.PATCH, for example 1.2.0')
  .meta({ id: 'ModelVersion', description: 'Semantic version of a registered model, MAJOR.MINOR.PATCH' });

export const sha256Digest = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/, "a digest is 'sha256:' and 64 lower-case hexadecimal digits")
  .meta({ id: 'Digest', description: 'Content address: sha256 of the bytes' });

/** The version in production has this alias; only promotion and rollback move it. */
export const championAlias = 'champion';

export const aliasName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_-]{0,63}$/,
    "an alias begins with a letter and holds letters, digits, '_' and '-', at most 64",
  )
  .meta({ id: 'AliasName', description: 'A name that points to one version of a model and can be moved' });

/** A version as a caller names it: `1.2.0`, or an alias. No alias begins with a digit. */
export const versionSelector = z
  .string()
  .refine(
    (text) => modelVersion.safeParse(text).success || aliasName.safeParse(text).success,
    'a version is MAJOR.MINOR.PATCH, for example 1.2.0, or an alias, for example champion',
  )
  .meta({ id: 'VersionSelector', description: 'MAJOR.MINOR.PATCH or an alias' });

export const isVersion = (selector: string): boolean => modelVersion.safeParse(selector).success;

export interface VersionReference {
  readonly name: string;
  /** `1.2.0` or an alias. */
  readonly selector: string;
}

/** `name@1.2.0` or `name@alias`. Names hold no `@`, so the first one separates. */
export const versionReference = z
  .string()
  .regex(/^[^@]+@[^@]+$/, 'a model version is written name@MAJOR.MINOR.PATCH or name@alias')
  .transform((text, context): VersionReference => {
    const [name, selector] = text.split('@') as [string, string];
    const parsed = z.object({ name: modelName, selector: versionSelector }).safeParse({ name, selector });
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) context.addIssue({ code: 'custom', message: issue.message });
    return z.NEVER;
  });

/** Who acts: from a token, `local` without authentication, `system:…` for Modelog's own processes. */
export const actorName = z
  .string()
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,126}[\x21-\x7e])?$/, 'an actor is 1 to 128 printable ASCII characters');

/**
 * The name as one token of a NATS subject, injective: every byte that is not a letter, a digit, `_` or `-`
 * becomes `=XX`. Names never hold `=`, so no two names share a token.
 */
export function subjectToken(name: string): string {
  let token = '';
  for (const byte of Buffer.from(name, 'utf8')) {
    const character = String.fromCharCode(byte);
    token += /[A-Za-z0-9_-]/.test(character) ? character : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return token;
}

/** The name behind a subject token. @throws TypeError when the token was not made by `subjectToken`. */
export function nameOfToken(token: string): string {
  if (!/^(?:[A-Za-z0-9_-]|=[0-9A-F]{2})+$/.test(token)) throw new TypeError(`'${token}' is not an encoded name`);
  return decodeURIComponent(token.replaceAll('=', '%'));
}

export const subjects = {
  model: (name: string) => `evt.model.${subjectToken(name)}`,
  deployment: (name: string) => `evt.deployment.${subjectToken(name)}`,
  configuration: () => 'evt.configuration.modelog',
  trainingJob: (id: string) => `evt.training-job.${subjectToken(id)}`,
  dataset: (name: string) => `evt.dataset.${subjectToken(name)}`,
  /** What is found of a deployment. */
  monitor: (deployment: string) => `evt.monitor.${subjectToken(deployment)}`,
  process: (name: string, id: string) => `evt.process.${subjectToken(name)}.${subjectToken(id)}`,
  /** On OPERATIONS. */
  jobLog: (id: string) => `ops.training-log.${subjectToken(id)}`,
  trials: (id: string) => `ops.training-trial.${subjectToken(id)}`,
  /** On OPERATIONS: how many serving processes there should be, each decision with its numbers. */
  scaling: () => 'ops.serving.scaling',
  predictions: (deployment: string) => `pred.${subjectToken(deployment)}`,
  labels: (deployment: string) => `label.${subjectToken(deployment)}`,
  ticks: (deployment: string) => `tick.${subjectToken(deployment)}`,
  /** On WINDOWS. */
  windows: (deployment: string) => `window.${subjectToken(deployment)}`,
} as const;
