import { monitoringConfig, type MonitoringSettings } from '#libs/contracts/index.js';
import { nearNames } from '#libs/kernel/index.js';
import { detectorFrom, driftTestNamed } from '#libs/statistics/index.js';
import { CommandFailed } from '../../errors.js';

/** A setting of monitoring_config.yaml that is another one than what was in force. */
export interface SettingsChange {
  readonly part: keyof MonitoringSettings;
  readonly key: string;
  readonly value: unknown;
  /** Other keys of a table stay as they are. */
  readonly merges: boolean;
}

const parts: readonly (keyof MonitoringSettings)[] = ['drift_detection', 'quality', 'performance', 'concept_drift'];

/** @param flag as it was written. @throws CommandFailed that names the flag, for what the configuration would refuse. */
export function changeOf(
  flag: string,
  part: keyof MonitoringSettings,
  key: string,
  value: unknown,
  merges = false,
): SettingsChange {
  const known = Object.keys(defaults[part]);
  if (!known.includes(key)) {
    const near = nearNames(key, known);
    const expected = near.length > 0 ? `near: ${near.join(', ')}` : `expected one of ${known.join(', ')}`;
    throw new CommandFailed(`${flag}: ${part} has no setting '${key}'; ${expected}`, 1);
  }
  const parsed = monitoringConfig.safeParse({ monitoring: { [part]: { [key]: value } } });
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    // Behind `monitoring`, the part and the setting.
    throw new CommandFailed([flag, ...path.slice(3).map(String), message].join(': '), 1);
  }
  expectMethods(flag, parsed.data.monitoring[part]);
  return { part, key, value, merges };
}

const defaults = monitoringConfig.parse({}).monitoring;

/** Which tests and detectors there are the schema does not say: the monitor would go without, and note it. */
function expectMethods(flag: string, settings: MonitoringSettings[keyof MonitoringSettings]): void {
  try {
    if ('detectors' in settings)
      for (const [name, parameters] of Object.entries(settings.detectors)) detectorFrom(name, parameters);
    if ('tests' in settings) for (const name of Object.values(settings.tests)) driftTestNamed(name);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CommandFailed(`${flag}: ${error.message}`, 1, { cause: error });
  }
}

/** `drift_detection.effect=0.2`. @throws CommandFailed. */
export function changeFrom(text: string): SettingsChange {
  const [, part = '', key = '', value = ''] = /^(\w+)\.(\w+)=(.*)$/s.exec(text) ?? [];
  const known = parts.find((each) => each === part);
  if (known === undefined)
    throw new CommandFailed(`--set ${text}: expected <part>.<setting>=<value>, the part one of ${parts.join(', ')}`, 1);
  return changeOf(`--set ${text}`, known, key, valueOf(value));
}

/** A number, true, false, null or JSON where it is one; else the text. */
export function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** What nobody asked about is not worked out, where findings do not rest on it. @param conditions that are told; null: all */
export function withoutUntold(conditions: readonly string[] | null): SettingsChange[] {
  const isTold = (beginning: string): boolean =>
    conditions === null || conditions.some((each) => each.startsWith(beginning));
  return [
    ...(isTold('performance_estimated/') ? [] : [changeOf('', 'performance', 'estimate', false)]),
    ...(isTold('concept_drift/') ? [] : [changeOf('', 'concept_drift', 'detectors', {})]),
  ];
}

/** The same object for the same settings: what is prepared from them stays so. */
export function changedSettings(
  changes: readonly SettingsChange[],
): (settings: MonitoringSettings) => MonitoringSettings {
  if (changes.length === 0) return (settings) => settings;
  const known = new WeakMap<MonitoringSettings, MonitoringSettings>();
  return (settings) => {
    let changed = known.get(settings);
    if (changed === undefined) {
      changed = changes.reduce(withChange, settings);
      known.set(settings, changed);
    }
    return changed;
  };
}

function withChange(settings: MonitoringSettings, { part, key, value, merges }: SettingsChange): MonitoringSettings {
  const before: Readonly<Record<string, unknown>> = { ...settings[part] };
  const changed = merges ? { ...(before[key] as object), ...(value as object) } : value;
  // `changeOf` has checked it against the configuration's schema.
  return { ...settings, [part]: { ...before, [key]: changed } };
}
