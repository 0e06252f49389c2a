/** What is added to a version after its registration: tags, a description, evaluations. */
import { rejection, type ModelEvent, type Rejection } from '#libs/contracts/index.js';
import { accept, canonicalJson, reject, type Result } from '#libs/kernel/index.js';
import type { Annotate, RecordEvaluation } from './commands.js';
import { requireVersion, type ModelState } from './state.js';

/** Archived versions too can be annotated: that they are out of use may need a word. */
export function annotate(command: Annotate, state: ModelState): Result<ModelEvent, Rejection> {
  const found = requireVersion(state, command.model, command.version);
  if (!found.ok) return found;
  const { version, tags: before, description: described } = found.value;
  const changes = new Map(Object.entries(command.tags ?? {}));
  const kept = Object.entries(before).filter(([name]) => !changes.has(name));
  const set = [...changes].filter((change): change is [string, string] => change[1] !== null);
  const tags = Object.fromEntries([...kept, ...set]);
  const description = command.description === undefined ? described : command.description;
  if (description === described && canonicalJson(tags) === canonicalJson(before))
    return reject(rejection('no_change', `${command.model}@${version} has these tags and this description already`));
  return accept({ type: 'VersionAnnotated', data: { model: command.model, version, description, tags } });
}

export function recordEvaluation(command: RecordEvaluation, state: ModelState): Result<ModelEvent, Rejection> {
  const found = requireVersion(state, command.model, command.version);
  if (!found.ok) return found;
  const { model, evaluation } = command;
  return accept({ type: 'EvaluationRecorded', data: { model, version: found.value.version, evaluation } });
}
