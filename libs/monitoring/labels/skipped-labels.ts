/** Labels that count nowhere, since this was noted last. */
export interface SkippedLabelsState {
  /** Their window is final. */
  readonly late: number;
  /** They name no row of the version, or no moment. */
  readonly unknown: number;
  /** More than memory is meant for. */
  readonly beyond: number;
}

const none: SkippedLabelsState = { late: 0, unknown: 0, beyond: 0 };

export class SkippedLabels {
  #counts: SkippedLabelsState;

  constructor(state: SkippedLabelsState = none) {
    this.#counts = state;
  }

  add(why: keyof SkippedLabelsState, labels = 1): void {
    this.#counts = { ...this.#counts, [why]: this.#counts[why] + labels };
  }

  /** Told once. */
  notes(): string[] {
    const { late, unknown, beyond } = this.#counts;
    this.#counts = none;
    return [
      ...(late === 0 ? [] : [`${late} labels of windows that are final count no more`]),
      ...(unknown === 0 ? [] : [`${unknown} labels are of no row of a window, or of no moment`]),
      ...(beyond === 0 ? [] : [`${beyond} labels are more than are kept of one window`]),
    ];
  }

  state(): SkippedLabelsState {
    return this.#counts;
  }
}
