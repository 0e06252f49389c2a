import type { FindingMethod } from '#libs/contracts/index.js';
import { cut } from '../quality/told.js';

type Parameter = FindingMethod['parameters'][string];

/** Parameters that a method tells; the configuration has all of them. */
const mostParameters = 100;
const longestParameter = 100;

/** Parameters as findings tell them: what stands within an object is named `object.key`. */
export function flatParameters(parameters: Readonly<Record<string, unknown>>): Record<string, Parameter> {
  const flat = Object.entries(flattened(parameters));
  const told = flat
    .slice(0, mostParameters)
    .map(([name, value]) => [
      cut(name, longestParameter),
      typeof value === 'string' ? cut(value, longestParameter) : value,
    ]);
  const others = flat.length - told.length;
  return Object.fromEntries(others === 0 ? told : [...told, ['others', others]]) as Record<string, Parameter>;
}

function flattened(parameters: Readonly<Record<string, unknown>>): Record<string, Parameter> {
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]): (readonly [string, Parameter])[] => {
      if (typeof value === 'object' && value !== null)
        return Object.entries(flattened({ ...value })).map(([key, own]) => [`${name}.${key}`, own]);
      return isParameter(value) ? [[name, value]] : [];
    }),
  );
}

const isParameter = (value: unknown): value is Parameter =>
  value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);

/** JSON has no infinity: a distance of two samples that share nothing is told as the largest number. */
export const finite = (value: number): number =>
  Number.isNaN(value) ? 0 : Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE);

export const finiteOrNull = (value: number | null): number | null => (value === null ? null : finite(value));
