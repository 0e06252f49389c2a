import type { JsonValue } from '#libs/kernel/index.js';
import { readParameters, type GivenParameters, type Parameters, type Values } from './parameters.js';
import { SavedFields, type SavedState } from './saved-fields.js';

/** What the last sample told. A sample that tells drift is no warning besides. */
export type Signal = 'none' | 'warning' | 'drift';

/** `errors`: 1 for a wrong prediction, 0 for a right one. `numbers`: any, up to 1e100 in size. */
export type Takes = 'errors' | 'numbers';

/** What a detector rests on, as its last sample left it. */
export interface Reading {
  /** Samples that it still takes into account. */
  readonly samples: number;
  /** Of those samples, weighted as the detector weighs them; null: there are none. */
  readonly mean: number | null;
  /** What was compared with the threshold: drift where it is above it (EDDM: below). null: nothing was yet. */
  readonly statistic: number | null;
  readonly threshold: number | null;
}

/** Of a detector, all that the same detector needs to go on as if it had never stopped. */
export interface DetectorState {
  readonly detector: string;
  readonly version: number;
  readonly parameters: GivenParameters;
  /** Samples taken since it was made. */
  readonly samples: number;
  readonly signal: Signal;
  readonly state: SavedState;
}

export interface StreamDetector {
  readonly name: string;
  /** Of its kind: findings carry it. */
  readonly version: number;
  readonly parameters: GivenParameters;
  /** Samples taken since it was made: the last one's index is one less. */
  readonly samples: number;
  /** What the last sample told. */
  readonly signal: Signal;
  /**
   * The sample after one that told drift finds the detector as new: what came before is forgotten.
   * @throws RangeError for a value that the detector does not take; nothing has changed then.
   */
  update(value: number): Signal;
  reading(): Reading;
  toJSON(): DetectorState;
}

/** What is particular to a method; the rest is the same for all of them. */
export interface DetectorCore {
  take(value: number): Signal;
  /** As new. */
  reset(): void;
  reading(): Reading;
  save(): { readonly [field: string]: JsonValue };
  /** @throws RangeError for a field that `save` would not have written. */
  restore(saved: SavedFields): void;
}

/** A method of detecting drift, by name. */
export interface DetectorKind {
  readonly name: string;
  /** Raised with every change that can change a signal. */
  readonly version: number;
  readonly title: string;
  readonly takes: Takes;
  /** It warns before it tells drift. */
  readonly warns: boolean;
  readonly parameters: Parameters;
  create(given: GivenParameters): StreamDetector;
  restore(state: DetectorState): StreamDetector;
}

export interface Definition<P extends Parameters> {
  readonly name: string;
  readonly version: number;
  readonly title: string;
  readonly takes: Takes;
  readonly warns: boolean;
  readonly parameters: P;
  /** Why values do not go together that are in range each. */
  conflict?(values: Values<P>): string | null;
  start(values: Values<P>): DetectorCore;
}

export function defineDetector<const P extends Parameters>(definition: Definition<P>): DetectorKind {
  const { name, version, title, takes, warns, parameters } = definition;
  const began = (given: GivenParameters): { values: Values<P>; core: DetectorCore } => {
    const values = readParameters(name, parameters, given);
    const conflict = definition.conflict?.(values) ?? null;
    if (conflict !== null) throw new RangeError(`${name}: ${conflict}`);
    return { values, core: definition.start(values) };
  };
  const kind: DetectorKind = {
    name,
    version,
    title,
    takes,
    warns,
    parameters,
    create(given) {
      const { values, core } = began(given);
      return new RunningDetector(kind, values, core);
    },
    restore(state) {
      if (state.version !== version)
        throw new RangeError(`${name}: version: expected a state of version ${version}, got ${state.version}`);
      const { values, core } = began(state.parameters);
      core.restore(new SavedFields(name, state.state));
      return new RunningDetector(kind, values, core, samplesOf(state), signalOf(state));
    },
  };
  return kind;
}

const largest = 1e100;
const signals: readonly Signal[] = ['none', 'warning', 'drift'];

class RunningDetector implements StreamDetector {
  readonly parameters: GivenParameters;
  readonly #kind: DetectorKind;
  readonly #core: DetectorCore;
  readonly #binary: boolean;
  #samples: number;
  #signal: Signal;

  constructor(kind: DetectorKind, values: GivenParameters, core: DetectorCore, samples = 0, signal: Signal = 'none') {
    this.#kind = kind;
    this.parameters = values;
    this.#core = core;
    this.#binary = kind.takes === 'errors';
    this.#samples = samples;
    this.#signal = signal;
  }

  get name(): string {
    return this.#kind.name;
  }

  get version(): number {
    return this.#kind.version;
  }

  get samples(): number {
    return this.#samples;
  }

  get signal(): Signal {
    return this.#signal;
  }

  update(value: number): Signal {
    if (this.#binary ? value !== 0 && value !== 1 : !(value >= -largest && value <= largest)) throw this.#unfit(value);
    if (this.#signal === 'drift') this.#core.reset();
    this.#samples++;
    this.#signal = this.#core.take(value);
    return this.#signal;
  }

  reading(): Reading {
    return this.#core.reading();
  }

  toJSON(): DetectorState {
    return {
      detector: this.#kind.name,
      version: this.#kind.version,
      parameters: this.parameters,
      samples: this.#samples,
      signal: this.#signal,
      state: this.#core.save(),
    };
  }

  #unfit(value: number): RangeError {
    const expected = this.#binary ? '0 or 1' : `a number from ${-largest} to ${largest}`;
    return new RangeError(`${this.#kind.name}: value: expected ${expected}, got ${value}`);
  }
}

function samplesOf({ detector, samples }: DetectorState): number {
  if (Number.isSafeInteger(samples) && samples >= 0) return samples;
  throw new RangeError(`${detector}: samples: expected a whole number from 0, got ${samples}`);
}

function signalOf({ detector, signal }: DetectorState): Signal {
  if (signals.includes(signal)) return signal;
  throw new RangeError(`${detector}: signal: expected ${signals.join(' or ')}, got ${signal}`);
}
