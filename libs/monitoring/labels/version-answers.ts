import type { ReferenceSummary } from '#libs/statistics/index.js';
import type { WatchedVersion } from '../contract.js';
import { answerFormOf, type AnswerForm, type LabelledAnswer } from './answer-form.js';
import { ClassCodes, noCode } from './class-codes.js';
import { sharesIn, sharesOf } from './class-metrics.js';
import type { LabelledRow } from './label-table.js';

/** What is known of a version's answers by its signature alone. */
export interface VersionAnswers {
  readonly form: AnswerForm;
  readonly codes: ClassCodes;
  /** Probabilities that are kept of a labelled row. */
  readonly width: number;
}

const unknown: VersionAnswers = { form: { kind: 'other' }, codes: new ClassCodes(null), width: 0 };

const known = new WeakMap<WatchedVersion['signature'], VersionAnswers>();

export function answersOf(version: WatchedVersion | undefined): VersionAnswers {
  if (version === undefined) return unknown;
  const { signature } = version;
  let answers = known.get(signature);
  if (answers === undefined) {
    const form = answerFormOf(signature);
    const declared = form.kind === 'classes' ? form.classes : null;
    const shares = (declared?.length ?? 0) > 1 && signature.outputs.some(({ role }) => role === 'probabilities');
    answers = { form, codes: new ClassCodes(declared), width: shares ? sharesOf(declared!.length) : 0 };
    known.set(signature, answers);
  }
  return answers;
}

export const trainingLabels = (version: WatchedVersion | undefined): ReferenceSummary | null =>
  version === undefined || 'missing' in version.reference ? null : version.reference.labels;

/** @param width probabilities that the table keeps of a row. */
export function labelledRow(answer: LabelledAnswer, { codes }: VersionAnswers, width: number): LabelledRow {
  switch (answer.kind) {
    case 'class': {
      const { label, predicted } = answer;
      return {
        label: codes.codeOf(label),
        predicted: predicted === null ? noCode : codes.codeOf(predicted),
        wrong: label !== predicted,
        probabilities: width === 0 ? [] : sharesIn(answer, codes.declared ?? []),
      };
    }
    case 'number':
      return { ...answer, wrong: answer.label !== answer.predicted, probabilities: [] };
    case 'other':
      return { label: Number.NaN, predicted: Number.NaN, wrong: false, probabilities: [] };
  }
}
