import { readFileSync } from 'node:fs';
import { messageOf } from '#libs/kernel/index.js';
import { CommandFailed } from '../../errors.js';

/**
 * A CSV file whose rows are `prediction_id,label`, with or without that line at its head. Of several labels of a prediction
 * the last counts.
 * @throws CommandFailed that names the file and the line.
 */
export function readLabelsFile(file: string): ReadonlyMap<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailed(`--labels ${file}: ${messageOf(error)}`, 1, { cause: error });
  }
  const labels = new Map<string, string>();
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (line === '' || (index === 0 && line.startsWith('prediction_id,'))) continue;
    const [, id, quoted, plain] = /^"?([\w.:-]+)"?,(?:"((?:[^"]|"")*)"|([^",]*))$/.exec(line) ?? [];
    const label = quoted?.replaceAll('""', '"') ?? plain;
    if (id === undefined || label === undefined)
      throw new CommandFailed(`--labels ${file}: line ${index + 1}: expected prediction_id,label`, 1);
    labels.set(id, label);
  }
  if (labels.size === 0) throw new CommandFailed(`--labels ${file}: expected at least one prediction_id,label`, 1);
  return labels;
}
