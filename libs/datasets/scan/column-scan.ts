import type { ColumnProfile, ColumnSchema } from '#libs/contracts/index.js';
import { assertNever } from '#libs/kernel/index.js';
import { faultOf } from '../largest-number.js';
import type { CellSink } from '../readers/cell-sink.js';
import { parseNumber } from '../readers/parse-number.js';
import { wordOf } from '../readers/words.js';
import { Refused } from '../refusal.js';
import { shown } from '../shown.js';
import { parseTimestamp, parseTimestampBytes } from '../timestamp.js';
import {
  booleanProfile,
  emptyProfile,
  histogramBins,
  instant,
  numberProfile,
  textProfile,
  type ColumnRows,
} from './column-profiles.js';
import type { Counted } from './counted.js';
import { NumberScan } from './number-scan.js';
import { mostCategories, type ScanContext } from './scan-context.js';
import { TextCounts } from './text-counts.js';

/** What the values of a column are so far; `none`: all are missing. */
type Kind = 'none' | 'number' | 'boolean' | 'timestamp' | 'text';

/** Most frequent values that a profile tells. */
const mostFrequent = 20;

export interface ScannedColumn {
  readonly schema: ColumnSchema;
  readonly profile: ColumnProfile;
}

/**
 * Decides what one column holds while it gathers the figures. The first value decides; if a later one does not fit, the
 * column is text from its beginning on, and has to be read again (`mixed`).
 */
export class ColumnScan implements CellSink {
  #kind: Kind;
  #rows = 0;
  #missing = 0;
  #mixed = false;
  #numbers: NumberScan | null = null;
  #texts: TextCounts | null = null;
  #trues = 0;
  #beyond: { readonly row: number; readonly fault: string } | null = null;
  #scratch = Buffer.alloc(256);

  /** @param isText it turned out so when the column was read before. */
  constructor(
    readonly name: string,
    private readonly context: ScanContext,
    private readonly isText: boolean,
  ) {
    this.#kind = isText ? 'text' : 'none';
  }

  get mixed(): boolean {
    return this.#mixed;
  }

  missing(rows: number): void {
    this.#rows += rows;
    this.#missing += rows;
  }

  cell(bytes: Buffer, start: number, end: number, decimal: number): void {
    if (this.#kind === 'number' || this.#kind === 'none') {
      const value = Number.isNaN(decimal) ? parseNumber(bytes, start, end) : decimal;
      if (!Number.isNaN(value)) {
        this.number(value);
        return;
      }
    }
    const word = this.#kind === 'timestamp' ? null : wordOf(bytes, start, end);
    if (word === 'missing') this.missing(1);
    else if (word !== null && !this.isText && this.#kind !== 'text') this.boolean(word === 'true');
    else this.#other(bytes, start, end);
  }

  number(value: number): void {
    if (Number.isNaN(value)) this.missing(1);
    else if (this.#is('number')) {
      this.#rows++;
      const fault = faultOf(value);
      if (fault === null) (this.#numbers ??= new NumberScan(this.context)).add(value);
      else this.#beyond ??= { row: this.#rows, fault };
    } else this.#text(String(value));
  }

  boolean(value: boolean): void {
    if (this.#is('boolean')) {
      this.#rows++;
      if (value) this.#trues++;
    } else this.#text(String(value));
  }

  timestamp(value: number): void {
    if (this.#is('timestamp')) {
      this.#rows++;
      (this.#numbers ??= new NumberScan(this.context)).add(value);
    } else this.#text(instant(value));
  }

  string(value: string): void {
    if (value === '') this.missing(1);
    else {
      const instant = this.#kind === 'none' || this.#kind === 'timestamp' ? parseTimestamp(value) : Number.NaN;
      if (Number.isNaN(instant)) this.#text(value);
      else this.timestamp(instant);
    }
  }

  /** @throws Refused for infinite numbers in a column of numbers. */
  scanned(): ScannedColumn {
    const [count, missing] = [this.#rows, this.#missing];
    if (this.#kind === 'number' && this.#beyond !== null) {
      const { row, fault } = this.#beyond;
      throw new Refused('unsupported', `row ${row}, column '${this.name}'`, fault);
    }
    const profile = this.#profile({ name: this.name, count, missing });
    return { schema: { name: this.name, type: profile.type, nullable: missing > 0 }, profile };
  }

  /** Whether the column still is, or now becomes, of this kind. */
  #is(kind: Kind): boolean {
    if (this.#kind === kind) return true;
    if (this.#kind !== 'none') return false;
    this.#kind = kind;
    return true;
  }

  /** A cell that is no number, nor a boolean or missing. */
  #other(bytes: Buffer, start: number, end: number): void {
    if (this.#kind === 'none' || this.#kind === 'timestamp') {
      const instant = parseTimestampBytes(bytes, start, end);
      if (!Number.isNaN(instant)) {
        this.timestamp(instant);
        return;
      }
    }
    if (this.#kind === 'timestamp' && wordOf(bytes, start, end) === 'missing') this.missing(1);
    else this.#textBytes(bytes, start, end);
  }

  #text(value: string): void {
    if (this.#scratch.length < 3 * value.length) this.#scratch = Buffer.alloc(6 * value.length);
    this.#textBytes(this.#scratch, 0, this.#scratch.write(value));
  }

  #textBytes(bytes: Buffer, start: number, end: number): void {
    this.#rows++;
    if (!this.#is('text')) {
      // The values before are known as numbers only: their texts have to be read again.
      this.#kind = 'text';
      this.#mixed = true;
      this.#numbers = null;
    }
    if (!this.#mixed) (this.#texts ??= new TextCounts(this.context)).add(bytes, start, end);
  }

  #profile(rows: ColumnRows): ColumnProfile {
    switch (this.#kind) {
      case 'none':
        return emptyProfile(rows, 'text');
      case 'boolean':
        return booleanProfile(rows, this.#trues);
      case 'number': {
        const figures = this.#numbers!.figures(mostFrequent, histogramBins, String);
        return numberProfile(rows, figures.integral ? 'integer' : 'numeric', figures);
      }
      case 'timestamp':
        return numberProfile(rows, 'timestamp', this.#numbers!.figures(mostFrequent, histogramBins, instant));
      case 'text': {
        const counted = this.#texts!.counted(mostFrequent, shown);
        return textProfile(rows, typeOfText(counted, rows.count - rows.missing), counted);
      }
      default:
        return assertNever(this.#kind, 'kind of a column');
    }
  }
}

/** A category has at most 50 different values, or 5 % of the rows that have one, and 10,000 in any case. */
function typeOfText({ distinct, exact }: Counted, present: number): 'category' | 'text' {
  return exact && distinct <= Math.min(mostCategories, Math.max(50, 0.05 * present)) ? 'category' : 'text';
}
