import { sha256Hex } from '#libs/kernel/index.js';
import type { MonitorOutput } from './contract.js';
import { finite } from './drift/method.js';
import { cut } from './quality/told.js';

/** A longer text is told by its beginning and a digest. */
const longest = 1000;
const kept = 980;

/** Half a character, which canonical JSON refuses, and U+0000, which PostgreSQL does. */
const unfit = /[\0\ud800-\udfff]/;

/**
 * The output as the log and the read models take it. Names and values come from callers and configurations: one that cannot
 * be written must not end the watching of a deployment.
 */
export const recordable = (output: MonitorOutput): MonitorOutput => fit(output) as MonitorOutput;

/** The same object where nothing is to be changed. */
function fit(value: unknown): unknown {
  if (typeof value === 'string') return fitText(value);
  if (typeof value === 'number') return Number.isFinite(value) ? value : finite(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    let array: readonly unknown[] = value;
    for (let at = 0; at < value.length; at++) {
      const own = fit(value[at]);
      if (own !== value[at]) array = array.with(at, own);
    }
    return array;
  }
  let object = value as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(value)) {
    const before = object[key];
    const [own, name] = [fit(before), fitText(key)];
    if (name !== key)
      object = Object.fromEntries(Object.entries(object).map((entry) => (entry[0] === key ? [name, own] : entry)));
    else if (own !== before) object = { ...object, [key]: own };
  }
  return object;
}

function fitText(text: string): string {
  const short = text.length <= longest ? text : `${cut(text, kept)}…${sha256Hex(text).slice(0, 16)}`;
  return unfit.test(short) ? short.replaceAll('\0', '\ufffd').toWellFormed() : short;
}
