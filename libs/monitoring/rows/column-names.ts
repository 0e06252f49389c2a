import type { ChunkSchema, InputColumnSpec, OutputColumnSpec, TensorType } from '#libs/contracts/index.js';

/** Where a column lies in a chunk. */
export interface ChunkColumn {
  readonly name: string;
  readonly type: TensorType;
  /** Which of the chunk's inputs, or outputs. */
  readonly place: number;
  readonly width: number;
  readonly offset: number;
}

export interface NamedColumns {
  readonly columns: readonly ChunkColumn[];
  /** Arrays of so many elements that they are not watched. */
  readonly tooWide: readonly string[];
}

/** Elements of a feature or an output that is an array: of more, nothing is watched. */
const mostElements = 256;

/** A column for each feature, in the order of the graph's inputs; of one that is an array, `name[0]`, `name[1]`, … */
export function inputColumns({ inputs }: Pick<ChunkSchema, 'inputs'>): NamedColumns {
  return named(inputs, (spec) => {
    const { features, width } = spec;
    return features.length === width ? features : elements(features[0]!, width);
  });
}

/** `label`, `probabilities.<class>`, `value`; `value.<name>` where there are several, `value[0]`, … where it is an array. */
export function outputColumns({ outputs, classes = [] }: Pick<ChunkSchema, 'outputs' | 'classes'>): NamedColumns {
  const values = outputs.filter(({ role }) => role === 'value').length;
  return named(outputs, ({ role, name, width }) => {
    if (role === 'probabilities')
      return elements(role, width).map((_, element) => `probabilities.${String(classes[element] ?? element)}`);
    const whole = role === 'value' && values > 1 ? `value.${name}` : role;
    return width === 1 ? [whole] : elements(whole, width);
  });
}

function named<Spec extends InputColumnSpec | OutputColumnSpec>(
  specs: readonly Spec[],
  namesOf: (spec: Spec) => readonly string[],
): NamedColumns {
  const columns = new Map<string, ChunkColumn>();
  const tooWide: string[] = [];
  for (const [place, spec] of specs.entries()) {
    const { name, type, width } = spec;
    if (width > mostElements && !('features' in spec && spec.features.length === width)) {
      tooWide.push(name);
      continue;
    }
    for (const [offset, column] of namesOf(spec).entries())
      if (!columns.has(column)) columns.set(column, { name: column, type, place, width, offset });
  }
  return { columns: [...columns.values()], tooWide };
}

const elements = (name: string, width: number): string[] =>
  Array.from({ length: width }, (_, element) => `${name}[${element}]`);
