import type { JsonValue } from '#libs/kernel/index.js';

export type SavedState = { readonly [field: string]: JsonValue };

/** Fields of a saved state. @throws RangeError that names the field and what was expected. */
export class SavedFields {
  constructor(
    private readonly owner: string,
    private readonly fields: SavedState,
  ) {}

  number(name: string): number {
    const value = this.fields[name];
    return typeof value === 'number' ? value : this.unfit(name, 'a number');
  }

  numberOrNull(name: string): number | null {
    const value = this.fields[name];
    return value === null || typeof value === 'number' ? value : this.unfit(name, 'a number or null');
  }

  boolean(name: string): boolean {
    const value = this.fields[name];
    return typeof value === 'boolean' ? value : this.unfit(name, 'true or false');
  }

  /** A whole number, 0 and up. */
  count(name: string): number {
    const value = this.number(name);
    return Number.isSafeInteger(value) && value >= 0 ? value : this.unfit(name, 'a whole number, 0 and up');
  }

  numbers(name: string): readonly number[] {
    const value = this.fields[name];
    return Array.isArray(value) && value.every((one) => typeof one === 'number') ? value : this.unfit(name, 'numbers');
  }

  /** To be thrown by whoever finds more than its type wrong. */
  unfit(name: string, expected: string): never {
    throw new RangeError(`${this.owner}: state.${name}: expected ${expected}`);
  }
}
