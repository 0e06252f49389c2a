import type { CrashJournal } from '../crashes/crash-journal.js';
import type { ServingOptions } from '../serving-options.js';
import { loadArtifactFrom, type LoadArtifact } from './load-artifact.js';
import { recycledAfter } from './recycled-after.js';

/** How a version is loaded in this process: noted in the journal, counted towards the end of this process. */
export function loadInProcess(
  { artifacts, recycling }: Pick<ServingOptions, 'artifacts' | 'recycling'>,
  journal: CrashJournal | undefined,
  isServing: () => boolean,
): LoadArtifact {
  const fromStore = loadArtifactFrom(artifacts);
  const noted: LoadArtifact =
    journal === undefined ? fromStore : (...args) => journal.loading(args[0], () => fromStore(...args));
  return recycling === undefined ? noted : recycledAfter(recycling, isServing, noted);
}
