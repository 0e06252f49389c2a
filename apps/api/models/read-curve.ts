import type { ArtifactStore } from '#libs/artifacts/index.js';
import {
  curveData,
  fieldErrorsOf,
  rejection,
  type CurveKind,
  type CurveSummary,
  type FieldError,
} from '#libs/contracts/index.js';
import { assertNever } from '#libs/kernel/index.js';
import { summariseCurve, type Curve } from '#libs/learning/index.js';
import { jsonFault, ProblemException } from '#libs/nest/index.js';
import { orArtifactProblem } from '../artifacts/artifact-problem.js';
import { limits } from '../catalogue/limits.js';

/**
 * Reads a curve's artifact and computes what it comes to.
 * @throws ProblemException `invalid_curve` with the place in the curve, as `curves.roc.fpr.3`; what is wrong with the artifact.
 */
export async function readCurve(artifacts: ArtifactStore, kind: CurveKind, artifact: string): Promise<CurveSummary> {
  const path = `curves.${kind}`;
  const bytes = await orArtifactProblem(path, () => artifacts.read(artifact, { maxBytes: limits.curve }));
  const figures = summariseCurve(curveOf(kind, jsonOf(bytes, path), path));
  if (figures.ok) return { ...figures.value, artifact };
  const { field, index, detail } = figures.rejection;
  throw invalid(path, [{ path: index === null ? `${path}.${field}` : `${path}.${field}.${index}`, message: detail }]);
}

function jsonOf(bytes: Uint8Array, path: string): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    // Not the parser's own words: they quote the artifact's text.
    throw invalid(path, [{ path, message: `expected JSON: ${jsonFault(text)}` }]);
  }
}

function curveOf(kind: CurveKind, json: unknown, path: string): Curve {
  switch (kind) {
    case 'roc':
      return { kind, ...parsed(curveData.roc.safeParse(json), path) };
    case 'pr':
      return { kind, ...parsed(curveData.pr.safeParse(json), path) };
    case 'calibration':
      return { kind, ...parsed(curveData.calibration.safeParse(json), path) };
    default:
      return assertNever(kind, 'kind of curve');
  }
}

type Parsed<T> =
  { success: true; data: T } | { success: false; data?: never; error: Parameters<typeof fieldErrorsOf>[0] };

function parsed<T>(outcome: Parsed<T>, path: string): T {
  if (outcome.success) return outcome.data;
  throw invalid(path, fieldErrorsOf(outcome.error, path).slice(0, mostErrors));
}

const mostErrors = 20;

const invalid = (path: string, errors: readonly FieldError[]): ProblemException =>
  new ProblemException(rejection('invalid_curve', `${path}: ${errors[0]?.message ?? 'no such curve'}`, errors));
