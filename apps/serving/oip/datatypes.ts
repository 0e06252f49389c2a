import type { TensorType } from '#libs/contracts/index.js';
import type { Datatype, TensorMetadata } from './protocol.js';

/** What a graph's element type is called in the protocol. */
export const datatypeOf: Readonly<Record<TensorType, Datatype>> = {
  float32: 'FP32',
  float64: 'FP64',
  int64: 'INT64',
  int32: 'INT32',
  int16: 'INT16',
  int8: 'INT8',
  uint8: 'UINT8',
  bool: 'BOOL',
  string: 'BYTES',
};

/** Bytes of an element in the binary form; of BYTES each element says its own length. */
export const elementBytes: Readonly<Record<Exclude<Datatype, 'BYTES'>, number>> = {
  BOOL: 1,
  UINT8: 1,
  UINT16: 2,
  UINT32: 4,
  UINT64: 8,
  INT8: 1,
  INT16: 2,
  INT32: 4,
  INT64: 8,
  FP32: 4,
  FP64: 8,
};

export const isDatatype = (name: unknown): name is Datatype =>
  typeof name === 'string' && (name === 'BYTES' || Object.hasOwn(elementBytes, name));

/** Least and largest whole number of a datatype that a double holds. */
export const integerRange: Readonly<Partial<Record<Datatype, readonly [number, number]>>> = {
  UINT8: [0, 0xff],
  UINT16: [0, 0xffff],
  UINT32: [0, 0xffffffff],
  UINT64: [0, Number.MAX_SAFE_INTEGER],
  INT8: [-0x80, 0x7f],
  INT16: [-0x8000, 0x7fff],
  INT32: [-0x80000000, 0x7fffffff],
  INT64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
};

/** What a tensor may be converted to: numbers among each other, truth values and texts to themselves. */
export const familyOf = (datatype: Datatype): 'number' | 'BOOL' | 'BYTES' =>
  datatype === 'BOOL' || datatype === 'BYTES' ? datatype : 'number';

export const elementsOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);

/** `FP32 [n, 30]`: for messages. */
export const described = ({ datatype, shape }: Pick<TensorMetadata, 'datatype' | 'shape'>): string =>
  `${datatype} of shape [${shape.map((length) => (length < 0 ? 'n' : length)).join(', ')}]`;
