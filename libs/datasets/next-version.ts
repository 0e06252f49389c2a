import type { DatasetSchema } from '#libs/contracts/index.js';

export interface VersionedDataset {
  /** MAJOR.MINOR.PATCH. */
  readonly version: string;
  readonly schema: DatasetSchema;
  readonly digest: string;
}

/**
 * The version of a data set that comes after another: 1.0.0 the first, the next minor for other bytes of the same schema, the
 * next major for another schema. null: nothing has changed.
 * @throws TypeError for a previous version that is no semantic one.
 */
export function nextDatasetVersion(
  previous: VersionedDataset | null,
  schema: DatasetSchema,
  digest: string,
): string | null {
  if (previous === null) return '1.0.0';
  const same = isSameSchema(previous.schema, schema);
  if (same && previous.digest === digest) return null;
  const match = /^(\d+)\.(\d+)\.\d+$/.exec(previous.version);
  if (match === null) throw new TypeError(`'${previous.version}' is no version, expected MAJOR.MINOR.PATCH`);
  const [, major, minor] = match;
  return same ? `${major}.${Number(minor) + 1}.0` : `${Number(major) + 1}.0.0`;
}

/** Names, types and what may be missing, in the same order. */
const isSameSchema = (a: DatasetSchema, b: DatasetSchema): boolean =>
  a.columns.length === b.columns.length &&
  a.columns.every(({ name, type, nullable }, index) => {
    const other = b.columns[index]!;
    return name === other.name && type === other.type && nullable === other.nullable;
  });
