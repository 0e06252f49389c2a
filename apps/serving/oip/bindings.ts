import type { LoadedModel } from '#libs/inference/index.js';
import { inputBinding, type InputBinding } from './input-binding.js';

const bindings = new WeakMap<LoadedModel, InputBinding>();

/** Compiled when a loaded model is first asked for through the protocol. */
export function bindingOf(model: LoadedModel): InputBinding {
  let binding = bindings.get(model);
  if (binding === undefined) {
    binding = inputBinding(model.signature, model.inputColumns);
    bindings.set(model, binding);
  }
  return binding;
}
