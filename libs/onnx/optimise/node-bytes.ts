import { nodeField } from '../messages.js';
import { fieldHead, joined } from '../pieces.js';
import { readMessage } from '../wire.js';

export interface NodeChange {
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  /** False: without one. */
  readonly docString?: false;
}

/** A serialised NodeProto with other inputs or outputs; every other field stays as it is. */
export function nodeWith(node: Uint8Array, { inputs, outputs, docString }: NodeChange): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const input of inputs ?? []) pieces.push(...stringField(nodeField.input, input));
  for (const output of outputs ?? []) pieces.push(...stringField(nodeField.output, output));
  readMessage(node, 'node', (number, value) => {
    value.skip();
    if (number === nodeField.input && inputs !== undefined) return;
    if (number === nodeField.output && outputs !== undefined) return;
    if (number === nodeField.docString && docString === false) return;
    pieces.push(node.subarray(value.start, value.position));
  });
  return joined(pieces);
}

const utf8 = new TextEncoder();

function stringField(field: number, text: string): Uint8Array[] {
  const bytes = utf8.encode(text);
  return [fieldHead(field, bytes.length), bytes];
}
