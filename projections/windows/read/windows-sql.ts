export interface WindowsOf {
  readonly deployment: string;
  /** Of any model. */
  readonly version?: string | undefined;
  /** Windows whose last row lies from `from` on and before `to`, milliseconds since the epoch. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** One column alone; else at most `columns` of them. */
  readonly column?: string | undefined;
  readonly columns: number;
  readonly limit: number;
}

/** Where a read stands: records of WINDOWS up to `cut`, of them those before `before`. */
export interface WindowsCut {
  readonly cut: number;
  readonly before: number;
}

/** What reads of a deployment's windows have in common; $1 is the cut. */
export class WindowsSql {
  readonly values: unknown[];
  readonly tail: string;
  /** Which columns are wanted, as a JSON path of their array, and its variables. */
  readonly #path: string;

  constructor({ deployment, version, from, to, column, columns, limit }: WindowsOf, { cut, before }: WindowsCut) {
    this.values = [cut];
    const value = (each: unknown): string => `$${this.values.push(each)}`;
    const variables = JSON.stringify(column === undefined ? { last: columns - 1 } : { column });
    const path = column === undefined ? '$[0 to $last]' : '$[*] ? (@.column == $column)';
    this.#path = `'${path}', ${value(variables)}::jsonb`;
    this.tail = [
      `where w.deployment = ${value(deployment)} and w.seq <= $1 and w.seq < ${value(before)}`,
      ...(version === undefined ? [] : [`and w.version = ${value(version)}`]),
      ...(from === undefined ? [] : [`and w.to_time >= ${value(from)}`]),
      ...(to === undefined ? [] : [`and w.to_time < ${value(to)}`]),
      `order by w.seq desc limit ${value(limit + 1)}`,
    ].join(' ');
  }

  /** What has `columns`, with those that are wanted. */
  withColumns(sql: string): string {
    return `jsonb_set(${sql}, '{columns}', jsonb_path_query_array(${sql} -> 'columns', ${this.#path}))`;
  }

  /** An array of such. */
  eachWithColumns(sql: string): string {
    return `(select coalesce(jsonb_agg(${this.withColumns('each.value')} order by each.place), '[]')
             from jsonb_array_elements(${sql}) with ordinality as each (value, place))`;
  }
}
