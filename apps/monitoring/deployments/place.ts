import { ModelogError, sha256Hex } from '#libs/kernel/index.js';

/** Which monitoring process of how many: each watches the deployments whose names fall to it. */
export interface Place {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** @param text `0/2`, as MODELOG_MONITORING_PLACE has it. @throws ModelogError `place_invalid`. */
export function placeOf(text: string): Place {
  const [index, count] = /^\d+\/\d+$/.test(text) ? text.split('/').map(Number) : [];
  if (index === undefined || count === undefined || index >= count)
    throw new ModelogError('place_invalid', `MODELOG_MONITORING_PLACE is ${text}: expected an index below the count`);
  return { index, count };
}

/** The same for every process: of several with one count exactly one watches a deployment. */
export const isAt = ({ index, count }: Place, deployment: string): boolean =>
  parseInt(sha256Hex(deployment).slice(0, 8), 16) % count === index;
