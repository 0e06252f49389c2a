import type { LabelRow } from '#libs/contracts/index.js';

/** What an error is made of. */
export type ScannedLabel = Pick<LabelRow, 'row' | 'model' | 'version' | 'label' | 'predicted'> & {
  readonly traffic_seq: number;
};

export interface ScannedLabels {
  readonly deployment: string;
  readonly events_seq: number;
  readonly rows: readonly ScannedLabel[];
}

/**
 * Labels as feedback writes them, read without building what their errors do not rest on: probabilities, times and identity.
 * It takes a fraction of the time of `decodeLabels`, which has to read whatever this does not.
 * @returns null for any other form: other keys or another order, escapes, an answer that is an array.
 */
export function scanLabels(data: Uint8Array): ScannedLabels | null {
  // Without escapes a string ends at the next quote.
  return data.includes(backslash) ? null : new LabelScanner(data).message();
}

const none = -1;
const zero = 48;
const quote = 34;
const brace = 125;
const backslash = 92;
/** Numbers are seldom the same. */
const mostKnown = 16;

/** Bytes to be met again, and the same to be read four at a time. */
interface Pattern {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

const viewOf = ({ buffer, byteOffset, length }: Uint8Array): DataView => new DataView(buffer, byteOffset, length);
const patternOf = (bytes: Uint8Array): Pattern => ({ bytes, view: viewOf(bytes) });
const text = (of: string): Pattern => patternOf(Buffer.from(of));
const nothing = text('');

const key = {
  deployment: text('{"deployment":"'),
  eventsSeq: text(',"events_seq":'),
  rows: text(',"rows":['),
  comma: text(','),
  end: text(']}'),
  predictionId: text('{"prediction_id":"'),
  trafficSeq: text(',"traffic_seq":'),
  epoch: text(',"epoch":"'),
  counter: text(',"counter":'),
  row: text(',"row":'),
  observedAt: text(',"observed_at":"'),
  label: text(',"label":'),
  brace: text('}'),
  model: text(',"model":"'),
  version: text(',"version":"'),
  predictedAt: text(',"predicted_at":"'),
  predictedLabel: text(',"predicted":{"label":'),
  predictedValue: text(',"predicted":{"value":'),
  probabilities: text(',"probabilities":{'),
  quote: text('"'),
  true: text('true'),
  false: text('false'),
} as const satisfies Readonly<Record<string, Pattern>>;

/** Stands at a place of the text, which is `none` once something was not as expected. */
class LabelScanner {
  #at = 0;
  #seq = 0;
  #model = '';
  #version = '';
  /** As the row before had its chunk, and its version with the time of its prediction. */
  #placed = nothing;
  #named = nothing;
  /** Texts of answers and labels: there are few. */
  readonly #known: { readonly pattern: Pattern; readonly text: string }[] = [];
  readonly #view: DataView;

  constructor(private readonly data: Uint8Array) {
    this.#view = viewOf(data);
  }

  message(): ScannedLabels | null {
    this.#expect(key.deployment);
    const deployment = this.#text();
    this.#expect(key.eventsSeq);
    const events_seq = this.#whole();
    this.#expect(key.rows);
    const rows: ScannedLabel[] = [];
    do {
      const row = this.#row();
      if (row === null) return null;
      rows.push(row);
    } while (this.#has(key.comma));
    this.#expect(key.end);
    return this.#at === this.data.length ? { deployment, events_seq, rows } : null;
  }

  #row(): ScannedLabel | null {
    this.#expect(key.predictionId);
    this.#skipText();
    this.#chunk();
    const row = this.#whole();
    this.#names();
    this.#skipText();
    const predicted = this.#predicted();
    this.#expect(key.label);
    const label = this.#scalar();
    this.#expect(key.brace);
    if (this.#at === none || predicted === null || label === null || this.#seq === 0) return null;
    return { traffic_seq: this.#seq, row, model: this.#model, version: this.#version, label, predicted };
  }

  /** The same for neighbours. */
  #chunk(): void {
    if (this.#placed !== nothing && this.#has(this.#placed)) return;
    const from = this.#at;
    this.#expect(key.trafficSeq);
    this.#seq = this.#whole();
    this.#expect(key.epoch);
    this.#skipText();
    this.#expect(key.counter);
    this.#whole();
    this.#expect(key.row);
    this.#placed = this.#patternFrom(from);
  }

  /** Mostly the same, too: rows of a chunk were predicted at once. */
  #names(): void {
    if (this.#named !== nothing && this.#has(this.#named)) return;
    const from = this.#at;
    this.#expect(key.model);
    this.#model = this.#text();
    this.#expect(key.version);
    this.#version = this.#text();
    this.#expect(key.predictedAt);
    this.#skipText();
    this.#expect(key.observedAt);
    this.#named = this.#patternFrom(from);
  }

  #patternFrom(from: number): Pattern {
    return this.#at === none ? nothing : patternOf(this.data.subarray(from, this.#at));
  }

  #predicted(): ScannedLabel['predicted'] | null {
    const isClass = this.#has(key.predictedLabel);
    if (!isClass) this.#expect(key.predictedValue);
    const answer = this.#scalar();
    if (answer === null) return null;
    // A brace in the name of a class ends it too early, which the next key tells.
    if (this.#has(key.probabilities)) this.#skipTo(brace);
    this.#expect(key.brace);
    return isClass ? { label: answer } : { value: answer };
  }

  /** Behind the opening quote; then behind the closing one. */
  #text(): string {
    const from = this.#at;
    this.#skipText();
    return this.#at === none ? '' : this.#textOf(from, this.#at - 1);
  }

  #textOf(from: number, to: number): string {
    for (const { pattern, text: known } of this.#known)
      if (pattern.bytes.length === to - from && this.#isAt(pattern, from)) return known;
    const bytes = this.data.subarray(from, to);
    const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
    if (this.#known.length < mostKnown) this.#known.push({ pattern: patternOf(bytes), text: found });
    return found;
  }

  #skipText(): void {
    this.#skipTo(quote);
  }

  #skipTo(end: number): void {
    if (this.#at === none) return;
    const { data } = this;
    let at = this.#at;
    while (at < data.length && data[at] !== end) at++;
    this.#at = at === data.length ? none : at + 1;
  }

  #scalar(): string | number | boolean | null {
    if (this.#has(key.quote)) return this.#text();
    if (this.#has(key.true)) return true;
    if (this.#has(key.false)) return false;
    const from = this.#at;
    if (from === none) return null;
    while (isOfNumber(this.data[this.#at])) this.#at++;
    const value = Number(this.#textOf(from, this.#at));
    return this.#at === from || !Number.isFinite(value) ? null : value;
  }

  #whole(): number {
    let value = 0;
    const from = this.#at;
    if (from === none) return 0;
    for (let code = this.data[this.#at]; isDigit(code); code = this.data[this.#at]) {
      value = 10 * value + code - zero;
      this.#at++;
    }
    if (this.#at === from || !Number.isSafeInteger(value)) this.#at = none;
    return value;
  }

  #has(pattern: Pattern): boolean {
    if (this.#at === none || !this.#isAt(pattern, this.#at)) return false;
    this.#at += pattern.bytes.length;
    return true;
  }

  #expect(pattern: Pattern): void {
    if (!this.#has(pattern)) this.#at = none;
  }

  #isAt({ bytes, view }: Pattern, at: number): boolean {
    const { length } = bytes;
    if (at + length > this.data.length) return false;
    let index = 0;
    for (; index + 4 <= length; index += 4)
      if (this.#view.getUint32(at + index) !== view.getUint32(index)) return false;
    for (; index < length; index++) if (this.data[at + index] !== bytes[index]) return false;
    return true;
  }
}

const isDigit = (code: number | undefined): code is number => code !== undefined && code >= zero && code <= zero + 9;

const numberCodes = new Set(Buffer.from('0123456789+-.eE'));

const isOfNumber = (code: number | undefined): boolean => code !== undefined && numberCodes.has(code);
