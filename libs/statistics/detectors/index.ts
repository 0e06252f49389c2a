/*
 * Public surface:
 *   detectorFrom(name, parameters) → a StreamDetector: update(value) → 'none' | 'warning' | 'drift', reading(), toJSON()
 *   restoreDetector(state)         → one that goes on where another stopped
 *   detectorKinds, detectorKind(name) → names, versions, what they take, parameters with their ranges and defaults
 *   expectedValue(parameter)       → its range in words
 *   scoreAlarms(alarms, changes, …) → delay, recall, precision and rate of false alarms where the changes are known
 */
export type {
  DetectorKind,
  DetectorState,
  Reading as DetectorReading,
  Signal as DetectorSignal,
  StreamDetector,
} from './detector.js';
export {
  expectedValue,
  type GivenParameters as DetectorParameters,
  type Parameter as DetectorParameter,
} from './parameters.js';
export { detectorFrom, detectorKind, detectorKinds, restoreDetector } from './registry.js';
export { scoreAlarms, type AlarmEpisode, type AlarmScore, type AlarmsToScore } from './score.js';
