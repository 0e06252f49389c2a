import { dataType, elementsOf, integerOf } from '../attributes.js';
import { tensor } from '../builder.js';
import type { TensorMessage } from '../messages.js';
import { isStandard, type GraphEdit } from './graph-edit.js';
import type { Rewrites } from './rewrites.js';

/**
 * The Cast of an initializer of integers becomes an initializer, where that is exact: int64 to int32 within its range,
 * and integers to float32, which rounds to the nearest number as Cast (6, 9, 13) does. Where the constant stays because
 * something else needs it, the result must be smaller than the Cast.
 */
export function foldCasts(edit: GraphEdit, rewrites: Rewrites): void {
  const [uses, fixed] = [edit.uses(), edit.fixedNames()];
  const stays = (name: string): boolean => fixed.has(name) || (uses.get(name)?.length ?? 0) > 1;
  edit.nodes = edit.nodes.filter(({ message, bytes }) => {
    const { type, domain, inputs, outputs } = message;
    const [constant, output = ''] = [edit.initializers.get(inputs[0] ?? ''), outputs[0]];
    if (type !== 'Cast' || !isStandard(domain) || constant === undefined || output === '') return true;
    if (fixed.has(output)) return true;
    const cast = castOf(constant, integerOf(message, 'to'), output);
    if (cast === null || (stays(constant.name) && cast.length > bytes.length)) return true;
    edit.addInitializer(cast);
    rewrites.add('Cast of an initializer folded');
    return false;
  });
}

function castOf(constant: TensorMessage, to: number | undefined, name: string): Uint8Array | null {
  if (constant.dataType !== dataType.int64 && constant.dataType !== dataType.int32) return null;
  const elements = elementsOf(constant);
  const size = constant.dims.reduce((product, length) => product * length, 1);
  if (elements?.length !== size) return null;
  const integers = elements.map(Number);
  // Beyond 2^53 a number here is not the integer there.
  if (!integers.every(Number.isSafeInteger)) return null;
  switch (to) {
    case dataType.float32:
      return tensor.float32(name, constant.dims, integers);
    case dataType.int32:
      return integers.every((each) => each === (each | 0)) ? tensor.int32(name, constant.dims, integers) : null;
    default:
      return null;
  }
}
