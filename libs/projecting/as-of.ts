/**
 * SQL condition: the row of a temporal table that stood after sequence `seq`. `seq` is a parameter (`$2`) or an expression;
 * `alias` the table's name in the query.
 */
export const asOf = (seq: string, alias?: string): string => {
  const prefix = alias === undefined ? '' : `${alias}.`;
  return `(${prefix}valid_from_seq <= ${seq} and (${prefix}valid_to_seq is null or ${prefix}valid_to_seq > ${seq}))`;
};
