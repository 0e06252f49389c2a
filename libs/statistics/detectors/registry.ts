import { nearNames } from '#libs/kernel/index.js';
import { adwin } from './adwin.js';
import { ddm } from './ddm.js';
import type { DetectorKind, DetectorState, StreamDetector } from './detector.js';
import { eddm } from './eddm.js';
import { hddmA } from './hddm-a.js';
import { hddmW } from './hddm-w.js';
import { kswin } from './kswin.js';
import { pageHinkley } from './page-hinkley.js';
import type { GivenParameters } from './parameters.js';

/** Every streaming detector: adding one is one file and its place here. */
export const detectorKinds: readonly DetectorKind[] = [adwin, ddm, eddm, hddmA, hddmW, kswin, pageHinkley];

/** @throws RangeError that names the near ones. */
export function detectorKind(name: string): DetectorKind {
  const kind = detectorKinds.find((one) => one.name === name);
  if (kind !== undefined) return kind;
  const names = detectorKinds.map((one) => one.name);
  const near = nearNames(name, names);
  const expected = near.length > 0 ? `near: ${near.join(', ')}` : `expected ${names.join(', ')}`;
  throw new RangeError(`detector: there is no '${name}'; ${expected}`);
}

/**
 * A detector that has taken nothing yet.
 *
 *     const detector = detectorFrom('ddm', { drift_threshold: 2.5 });
 *     for (const wrong of [0, 0, 1]) if (detector.update(wrong) === 'drift') detector.reading();
 *
 * @param given what is left out has the default of its kind.
 * @throws RangeError for an unknown name or parameter and for values out of range, each named with what was expected.
 */
export const detectorFrom = (name: string, given: GivenParameters = {}): StreamDetector =>
  detectorKind(name).create(given);

/**
 * Goes on as the detector that `state` is of. The state may have been through JSON.
 * @throws RangeError for what no detector of this version has written, naming the field.
 */
export const restoreDetector = (state: DetectorState): StreamDetector => detectorKind(state.detector).restore(state);
