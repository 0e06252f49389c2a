import type { Feature, OutputInfo, Signature } from '#libs/contracts/index.js';

/**
 * Two signatures are compatible when a caller of the one can stay a caller of the other: the same features with the same
 * types and shapes, none of them less tolerant of missing values, and outputs that mean the same.
 */
export function isCompatible(next: Signature, former: Signature): boolean {
  return (
    next.features.length === former.features.length &&
    sameMembers(former.features, next.features, sameFeature) &&
    sameMembers(former.outputs.map(meaning), next.outputs.map(meaning), (a, b) => a === b) &&
    JSON.stringify(next.classes ?? null) === JSON.stringify(former.classes ?? null)
  );
}

/** 1.0.0 for the first; after that the next minor of the highest when compatible with it, else the next major. */
export function nextVersion(
  versions: readonly { version: string; signature: Signature }[],
  signature: Signature,
): string {
  const highest = versions.reduce<{ version: string; signature: Signature } | undefined>(
    (best, each) => (best === undefined || compareVersions(each.version, best.version) > 0 ? each : best),
    undefined,
  );
  if (highest === undefined) return '1.0.0';
  const [major, minor] = partsOf(highest.version);
  return isCompatible(signature, highest.signature) ? `${major}.${minor + 1}.0` : `${major + 1}.0.0`;
}

/** Semantic order of MAJOR.MINOR.PATCH. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
}

const partsOf = (version: string): [number, number, number] => {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return [major, minor, patch];
};

const sameMembers = <T>(former: readonly T[], next: readonly T[], same: (former: T, next: T) => boolean): boolean =>
  former.every((a) => next.some((b) => same(a, b)));

const sameFeature = (former: Feature, next: Feature): boolean =>
  former.name === next.name &&
  former.type === next.type &&
  (next.nullable || !former.nullable) &&
  JSON.stringify(former.shape ?? null) === JSON.stringify(next.shape ?? null);

const meaning = (output: OutputInfo): string => `${output.role}:${output.type}:${output.shape.slice(1).join('x')}`;
