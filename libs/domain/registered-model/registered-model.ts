/**
 * A registered model: an append-only list of versions with immutable bytes, their way through the stages, and the one
 * version in production, the champion. It begins with its first version.
 * state.ts → commands.ts → one file for each kind of decision → evolve.ts.
 */
import { catalogueOf, modelEvents, subjects, type ModelEvent, type Rejection } from '#libs/contracts/index.js';
import { assertNever, type Decider } from '#libs/kernel/index.js';
import { removeAlias, setAlias } from './alias.js';
import { archive } from './archive.js';
import type { ModelCommand } from './commands.js';
import { annotate, recordEvaluation } from './describe.js';
import { evolve } from './evolve.js';
import { promote } from './promote.js';
import { registerVersion } from './register.js';
import { approve, rejectVersion, requestPromotion } from './review.js';
import { rollBack } from './roll-back.js';
import { initialModel, modelState, type ModelState } from './state.js';

export const registeredModel: Decider<ModelCommand, ModelState, ModelEvent, Rejection> = {
  initialState: initialModel,
  decide(command, state, by) {
    switch (command.type) {
      case 'RegisterVersion':
        return registerVersion(command, state);
      case 'Annotate':
        return annotate(command, state);
      case 'RecordEvaluation':
        return recordEvaluation(command, state);
      case 'RequestPromotion':
        return requestPromotion(command, state, by);
      case 'Approve':
        return approve(command, state, by);
      case 'Reject':
        return rejectVersion(command, state, by);
      case 'Promote':
        return promote(command, state, by);
      case 'RollBack':
        return rollBack(command, state);
      case 'SetAlias':
        return setAlias(command, state);
      case 'RemoveAlias':
        return removeAlias(command, state);
      case 'Archive':
        return archive(command, state);
      default:
        return assertNever(command, 'model command');
    }
  },
  evolve,
};

export const modelDefinition = {
  category: 'model',
  subjectOf: subjects.model,
  decider: registeredModel,
  catalogue: catalogueOf(modelEvents),
  snapshot: {
    version: 2,
    encode: (state: ModelState): unknown => state,
    decode: (stored: unknown): ModelState => modelState.parse(stored),
  },
} as const;
