import { isOfLabelType, type LabelRow, type LabelType } from '#libs/contracts/index.js';

const expected: Readonly<Record<LabelType, string>> = {
  any: 'a label',
  string: 'a string: the classes of the version are strings',
  boolean: 'true or false, as the version answers',
  integer: 'a whole number: the classes of the version are numbers',
  number: 'a number, as the version answers',
};

/** What is wrong with a label, as an error says it; undefined where it fits. */
export const labelFault = (type: LabelType, label: LabelRow['label']): string | undefined =>
  isOfLabelType(type, label)
    ? undefined
    : `expected ${expected[type]}; found ${typeof label === 'string' ? 'a string' : String(label)}`;
