import { Refused } from '../../refusal.js';
import type { FlatTable } from './flat-table.js';

/** Types of plain values. Of an instant: milliseconds of a unit, or units of a millisecond where that is more. */
export type ArrowType =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool' }
  | { readonly kind: 'int'; readonly bits: 8 | 16 | 32 | 64; readonly signed: boolean }
  | { readonly kind: 'float'; readonly bits: 16 | 32 | 64 }
  | { readonly kind: 'text'; readonly offsetBits: 32 | 64 }
  | { readonly kind: 'text_view' }
  | { readonly kind: 'instant'; readonly bits: 32 | 64; readonly scale: number; readonly parts: bigint };

export interface ArrowField {
  readonly name: string;
  readonly type: ArrowType;
  /** Values are numbers of this dictionary's values. */
  readonly dictionary: { readonly id: number; readonly index: ArrowType } | null;
}

/** Of a schema message. @throws Refused for nested and other values. */
export function fieldsOf(schema: FlatTable): ArrowField[] {
  if (schema.int16(0) !== 0) throw new Refused('unsupported', null, 'Arrow of big-endian numbers');
  return schema.tables(1).map((field) => {
    const name = field.text(0);
    const type = typeOf(field.uint8(2), field.table(3));
    if (type === null || field.tables(5).length > 0)
      throw new Refused('unsupported', `column '${name}'`, 'expected numbers, text, dates, instants, true or false');
    return { name, type, dictionary: dictionaryOf(field.table(4), name) };
  });
}

function dictionaryOf(encoding: FlatTable | null, name: string): ArrowField['dictionary'] {
  if (encoding === null) return null;
  const given = encoding.table(1);
  const index = given === null ? ({ kind: 'int', bits: 32, signed: true } as const) : intOf(given);
  if (index === null) throw new Refused('malformed', `column '${name}'`, 'a dictionary without numbers');
  return { id: encoding.int64(0), index };
}

/** Numbers of the types in Arrow's Schema.fbs. */
function typeOf(kind: number, type: FlatTable | null): ArrowType | null {
  if (type === null) return null;
  switch (kind) {
    case 1:
      return { kind: 'null' };
    case 2:
      return intOf(type);
    case 3: {
      const bits = ([16, 32, 64] as const)[type.int16(0)];
      return bits === undefined ? null : { kind: 'float', bits };
    }
    case 5:
      return { kind: 'text', offsetBits: 32 };
    case 6:
      return { kind: 'bool' };
    case 8:
      return type.int16(0, 1) === 0
        ? { kind: 'instant', bits: 32, scale: 86_400_000, parts: 1n }
        : { kind: 'instant', bits: 64, scale: 1, parts: 1n };
    case 10: {
      const unit = type.int16(0);
      const parts = [1n, 1n, 1000n, 1_000_000n][unit];
      return parts === undefined ? null : { kind: 'instant', bits: 64, scale: unit === 0 ? 1000 : 1, parts };
    }
    case 20:
      return { kind: 'text', offsetBits: 64 };
    case 24:
      return { kind: 'text_view' };
    default:
      return null;
  }
}

function intOf(type: FlatTable): ArrowType | null {
  const bits = ([8, 16, 32, 64] as const).find((one) => one === type.int32(0));
  return bits === undefined ? null : { kind: 'int', bits, signed: type.uint8(1) !== 0 };
}
