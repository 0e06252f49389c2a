import { nameOfToken, type api } from '#libs/contracts/index.js';
import { monitoringText } from './finding.js';

/** One event on one line. */
export function eventLine({ seq, time, type, subject, actor, data }: api.EventView): string {
  return [
    String(seq).padStart(6),
    time,
    type.padEnd(20),
    aggregateOf(subject),
    `by ${actor || 'unknown'}`,
    monitoringText(type, data) ?? factOf(data),
  ]
    .filter((part) => part !== '')
    .join('  ');
}

/** `model/fraud`, from `evt.model.fraud`. */
function aggregateOf(subject: string): string {
  const [, kind = '', token = ''] = subject.split('.');
  return `${kind}/${nameOfToken(token)}`;
}

/** The version that most events are about, and why. */
function factOf(data: unknown): string {
  if (typeof data !== 'object' || data === null) return '';
  const { model, version, reason } = data as Readonly<Record<string, unknown>>;
  const named = typeof model === 'string' && typeof version === 'string' ? `${model}@${version}` : '';
  const because = typeof reason === 'string' ? `(${reason})` : '';
  return [named, because].filter((part) => part !== '').join(' ');
}
