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
const nothing = new Uint8Array();
/** Numbers are seldom the same. */
const mostKnown = 16;

const key = {
  deployment: Buffer.from('{"deployment":"'),
  eventsSeq: Buffer.from(',"events_seq":'),
  rows: Buffer.from(',"rows":['),
  comma: Buffer.from(','),
  end: Buffer.from(']}'),
  predictionId: Buffer.from('{"prediction_id":"'),
  trafficSeq: Buffer.from(',"traffic_seq":'),
  epoch: Buffer.from(',"epoch":"'),
  counter: Buffer.from(',"counter":'),
  row: Buffer.from(',"row":'),
  observedAt: Buffer.from(',"observed_at":"'),
  label: Buffer.from(',"label":'),
  brace: Buffer.from('}'),
  model: Buffer.from(',"model":"'),
  version: Buffer.from(',"version":"'),
  predictedAt: Buffer.from(',"predicted_at":"'),
  predictedLabel: Buffer.from(',"predicted":{"label":'),
  predictedValue: Buffer.from(',"predicted":{"value":'),
  probabilities: Buffer.from(',"probabilities":{'),
  quote: Buffer.from('"'),
  true: Buffer.from('true'),
  false: Buffer.from('false'),
} as const satisfies Readonly<Record<string, Uint8Array>>;

/** Stands at a place of the text, which is `none` once something was not as expected. */
class LabelScanner {
  #at = 0;
  #seq = 0;
  #model = '';
  #version = '';
  /** As the row before had its chunk, and its version. */
  #placed: Uint8Array = nothing;
  #named: Uint8Array = nothing;
  /** Texts of answers and labels: there are few. */
  readonly #known: { readonly bytes: Uint8Array; readonly text: string }[] = [];

  constructor(private readonly data: Uint8Array) {}

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
    this.#expect(key.observedAt);
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
    if (this.#placed.length > 0 && this.#has(this.#placed)) return;
    const from = this.#at;
    this.#expect(key.trafficSeq);
    this.#seq = this.#whole();
    this.#expect(key.epoch);
    this.#skipText();
    this.#expect(key.counter);
    this.#whole();
    this.#expect(key.row);
    this.#placed = this.#at === none ? nothing : this.data.subarray(from, this.#at);
  }

  /** Mostly the same, too. */
  #names(): void {
    if (this.#named.length > 0 && this.#has(this.#named)) return;
    const from = this.#at;
    this.#expect(key.model);
    this.#model = this.#text();
    this.#expect(key.version);
    this.#version = this.#text();
    this.#expect(key.predictedAt);
    this.#named = this.#at === none ? nothing : this.data.subarray(from, this.#at);
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
    for (const { bytes, text } of this.#known)
      if (bytes.length === to - from && isAt(this.data, bytes, from)) return text;
    const text = Buffer.from(this.data.buffer, this.data.byteOffset + from, to - from).toString('utf8');
    if (this.#known.length < mostKnown) this.#known.push({ bytes: this.data.subarray(from, to), text });
    return text;
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

  #has(text: Uint8Array): boolean {
    if (this.#at === none || !isAt(this.data, text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #expect(text: Uint8Array): void {
    if (!this.#has(text)) this.#at = none;
  }
}

function isAt(data: Uint8Array, text: Uint8Array, at: number): boolean {
  for (let index = 0; index < text.length; index++) if (data[at + index] !== text[index]) return false;
  return true;
}

const isDigit = (code: number | undefined): code is number => code !== undefined && code >= zero && code <= zero + 9;

const numberCodes = new Set(Buffer.from('0123456789+-.eE'));

const isOfNumber = (code: number | undefined): boolean => code !== undefined && numberCodes.has(code);
