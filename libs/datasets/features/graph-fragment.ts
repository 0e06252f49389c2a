import { node, tensor } from '#libs/onnx/index.js';

type Bytes = Uint8Array;

/** Nodes and constants of a part of a graph, their tensors named under one prefix so that they meet no other's. Equal ones are one. */
export class GraphFragment {
  readonly nodes: Bytes[] = [];
  readonly initializers: Bytes[] = [];
  readonly #prefix: string;
  readonly #names = new Map<string, string>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Adds a node, unless it is there already; gives the name of its first output, the only one that can be used. */
  add(type: string, inputs: readonly string[], attributes: readonly Bytes[] = [], domain = ''): string {
    const key = JSON.stringify([
      type,
      domain,
      inputs,
      attributes.map((bytes) => Buffer.from(bytes).toString('latin1')),
    ]);
    return this.#once(key, () => {
      const output = `${this.#prefix}${type}_${this.nodes.length}`;
      const outputs = type === 'StringSplit' ? [output, `${output}_counts`] : [output];
      this.nodes.push(node(type, inputs, outputs, attributes, domain));
      return output;
    });
  }

  float32(dims: readonly number[], values: readonly number[]): string {
    return this.#constant('float32', dims, values, (name) => tensor.float32(name, dims, values));
  }

  int64(dims: readonly number[], values: readonly number[]): string {
    return this.#constant('int64', dims, values, (name) => tensor.int64(name, dims, values));
  }

  text(value: string): string {
    return this.#constant('string', [], [value], (name) => tensor.string(name, [], [value]));
  }

  #constant(
    type: string,
    dims: readonly number[],
    values: readonly (number | string)[],
    bytes: (name: string) => Bytes,
  ): string {
    // JSON would take NaN for null and −0 for 0.
    const key = `${type} ${dims.join('x')} ${values.map((value) => (Object.is(value, -0) ? '-0' : value)).join(',')}`;
    return this.#once(key, () => {
      const name = `${this.#prefix}constant_${this.initializers.length}`;
      this.initializers.push(bytes(name));
      return name;
    });
  }

  #once(key: string, make: () => string): string {
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const name = make();
    this.#names.set(key, name);
    return name;
  }
}
