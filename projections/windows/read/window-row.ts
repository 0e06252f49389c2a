/** What every read of a window selects of `windows w`, and tells. */
import type { WindowClosed } from '#libs/contracts/index.js';
import { isoTime } from '#libs/kernel/index.js';

export interface BasisRow extends Pick<WindowClosed, 'window' | 'closed_by' | 'first' | 'last' | 'rows'> {
  readonly seq: number;
  readonly from_time: number;
  readonly to_time: number;
  readonly events_seq: number;
  readonly configuration_seq: number;
}

export interface PlacedRow extends BasisRow {
  readonly deployment: string;
  readonly model: string;
  readonly version: string;
}

const columns = ['window', 'seq', 'closed_by', 'from_time', 'to_time', 'first', 'last', 'rows']
  // The positions that it was judged at.
  .concat('events_seq', 'configuration_seq');

export const basisColumns = (alias: string): string => columns.map((column) => `${alias}."${column}"`).join(', ');
export const placedColumns = `w.deployment, w.model, w.version, ${basisColumns('w')}`;

/** `performance p` of `windows w`. */
export const onSameWindow = `p.deployment = w.deployment and p.model = w.model and p.version = w.version
  and p."window" = w."window"`;

export const basisView = ({ from_time, to_time, ...row }: BasisRow) => ({
  ...row,
  from: isoTime(from_time),
  to: isoTime(to_time),
});

export const placedView = ({ deployment, model, version, ...row }: PlacedRow) => ({
  ...{ deployment, model, version },
  ...basisView(row),
});
