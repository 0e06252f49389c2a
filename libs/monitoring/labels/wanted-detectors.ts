import { canonicalJson } from '#libs/kernel/index.js';
import { detectorFrom, detectorKind, type DetectorParameters } from '#libs/statistics/index.js';
import type { MonitorContext } from '../contract.js';

export interface WantedDetector {
  readonly name: string;
  readonly parameters: DetectorParameters;
  /** The parameters as one text. */
  readonly given: string;
  readonly takesErrors: boolean;
}

interface WantedDetectors {
  readonly detectors: ReadonlyMap<string, WantedDetector>;
  /** Why others cannot run. */
  readonly refused: readonly string[];
}

type ConceptDrift = MonitorContext['settings']['concept_drift'];

const wantedBySettings = new WeakMap<ConceptDrift, WantedDetectors>();

/** Why detectors of the settings cannot run. */
export const refusedDetectors = ({ concept_drift: settings }: MonitorContext['settings']): readonly string[] =>
  wantedDetectors(settings).refused;

/** Settings come from a file: an entry that makes no detector leaves the others in force. */
export function wantedDetectors(settings: ConceptDrift): WantedDetectors {
  let wanted = wantedBySettings.get(settings);
  if (wanted === undefined) {
    wanted = readSettings(settings);
    wantedBySettings.set(settings, wanted);
  }
  return wanted;
}

function readSettings({ detectors: settings }: ConceptDrift): WantedDetectors {
  const detectors = new Map<string, WantedDetector>();
  const refused: string[] = [];
  for (const [name, parameters] of Object.entries(settings)) {
    try {
      detectorFrom(name, parameters);
      const takesErrors = detectorKind(name).takes === 'errors';
      detectors.set(name, { name, parameters, given: canonicalJson(parameters), takesErrors });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      refused.push(`concept drift is not judged by ${name}: ${error.message}`);
    }
  }
  return { detectors, refused };
}
