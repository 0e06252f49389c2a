import type { Alternative, BenchContext } from '../bench.js';
import type { HttpBaselines } from '../baselines/index.js';
import { httpAlternative, type HttpTarget } from './http-alternative.js';

export interface HttpComparison {
  readonly connections: number;
  readonly requests: string;
  readonly rowsPerRequest?: number;
}

export const connectionsOf = (count: number): string => `${count} ${count === 1 ? 'connection' : 'connections'}`;

/**
 * The raw TCP server, the echo and, if given, the product under the same requests at the same number of connections:
 * the echo is what the product is compared with, the raw TCP server shows whether the generator could do more.
 */
export function httpComparison(
  context: BenchContext,
  { echo, rawTcp }: HttpBaselines,
  product: HttpTarget | undefined,
  comparison: HttpComparison,
): Alternative[] {
  const { connections } = comparison;
  const at = (name: string) => `${name}, ${connectionsOf(connections)}`;
  const ceiling = at('raw tcp');
  return [
    httpAlternative(context, { ...comparison, name: ceiling, target: rawTcp }),
    httpAlternative(context, { ...comparison, name: at('echo'), target: echo, ceiling }),
    ...(product === undefined
      ? []
      : [
          httpAlternative(context, {
            ...comparison,
            name: at('predict'),
            target: product,
            against: at('echo'),
            ceiling,
          }),
        ]),
  ];
}
