/** Mean of a stream, corrected with every sample (Welford 1962). Its rounding is part of what detectors find. */
export class RunningMean {
  count = 0;
  value = 0;

  add(sample: number): void {
    this.count++;
    this.value += (1 / this.count) * (sample - this.value);
  }

  set(count: number, value: number): void {
    this.count = count;
    this.value = value;
  }
}
