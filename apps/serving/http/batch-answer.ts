import type { Column } from '#libs/inference/index.js';
import type { Servable } from '../models/servable.js';
import type { RowIds } from '../recording/prediction-ids.js';
import { JsonBytes } from './json-bytes.js';

/** Rows `requestRow …` of a request are rows `chunkRow …` of a stored chunk. */
export interface StoredRows {
  readonly ids: RowIds;
  readonly chunkRow: number;
  readonly requestRow: number;
  readonly rows: number;
}

/** Rows `[firstRow, firstRow + rows)` of the outputs of a run. */
export interface AnsweredRows {
  readonly outputs: readonly Column[];
  readonly firstRow: number;
  readonly rows: number;
}

const opening = Buffer.from('{"predictions":[');
const rowOpening = Buffer.from('{"prediction_id":"');
const rowClosing = Buffer.from('}');
const comma = Buffer.from(',');
const closing = Buffer.from(']}');

/** Bytes of a classifier's row, about: the buffer grows where they are more. */
const likelyRowBytes = 160;

/**
 * The answer of a batch as JSON text, written once as it leaves: strings would be put together and copied.
 * @param answered the rows of the request where the model put them out
 * @param stored the same where they are recorded; both in the order of the request
 */
export function batchAnswer(
  { rowMiddle, writeOutputBytes }: Pick<Servable, 'rowMiddle' | 'writeOutputBytes'>,
  answered: readonly AnsweredRows[],
  stored: readonly StoredRows[],
): Buffer {
  const rows = answered.reduce((sum, each) => sum + each.rows, 0);
  const json = new JsonBytes(rows * likelyRowBytes);
  const ids = idsOf(stored);
  json.bytes(opening);
  let isFirst = true;
  for (const { outputs, firstRow, rows: count } of answered)
    for (let row = firstRow; row < firstRow + count; row++) {
      if (!isFirst) json.bytes(comma);
      isFirst = false;
      json.bytes(rowOpening);
      ids.writeNext(json);
      json.bytes(rowMiddle);
      writeOutputBytes(outputs, row, json);
      json.bytes(rowClosing);
    }
  json.bytes(closing);
  return json.written();
}

/** The ids of all rows, one after the other. */
function idsOf(stored: readonly StoredRows[]): { writeNext(json: JsonBytes): void } {
  let span = 0;
  let at = 0;
  return {
    writeNext(json) {
      if (at === stored[span]!.rows) {
        span++;
        at = 0;
      }
      const { ids, chunkRow } = stored[span]!;
      json.ascii(ids.head);
      json.ascii(ids.tail(chunkRow + at));
      at++;
    },
  };
}
