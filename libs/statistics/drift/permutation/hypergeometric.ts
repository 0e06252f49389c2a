import { logGamma } from '../../special/index.js';
import type { Random } from '../../random.js';

/**
 * How many marked items are among `drawn` of a population of `total` items, `marked` of them marked. Inversion from the
 * mode outwards, by the ratio of neighbouring probabilities: exact but for rounding, about as many steps as the
 * standard deviation, which is at most ½·√drawn.
 */
export function hypergeometric(random: Random, total: number, marked: number, drawn: number): number {
  const lowest = Math.max(0, drawn - (total - marked));
  const highest = Math.min(drawn, marked);
  if (lowest === highest) return lowest;
  const mode = Math.min(Math.max(Math.floor(((drawn + 1) * (marked + 1)) / (total + 2)), lowest), highest);
  const atMode = Math.exp(logProbability(mode, total, marked, drawn));
  const unmarkedLeft = total - marked - drawn;
  let left = random.float() - atMode;
  let [below, above] = [mode, mode];
  let [pBelow, pAbove] = [atMode, atMode];
  while (left >= 0) {
    if (below === lowest && above === highest) return mode;
    if (above < highest) {
      pAbove *= ((marked - above) * (drawn - above)) / ((above + 1) * (unmarkedLeft + above + 1));
      above++;
      left -= pAbove;
      if (left < 0) return above;
    }
    if (below > lowest) {
      pBelow *= (below * (unmarkedLeft + below)) / ((marked - below + 1) * (drawn - below + 1));
      below--;
      left -= pBelow;
      if (left < 0) return below;
    }
  }
  return mode;
}

/** Of `x` marked among those drawn. */
export function logProbability(x: number, total: number, marked: number, drawn: number): number {
  return (
    logFactorial(marked) -
    logFactorial(x) -
    logFactorial(marked - x) +
    (logFactorial(total - marked) - logFactorial(drawn - x) - logFactorial(total - marked - drawn + x)) -
    (logFactorial(total) - logFactorial(drawn) - logFactorial(total - drawn))
  );
}

const tabled = new Float64Array(256);
for (let n = 2; n < tabled.length; n++) tabled[n] = tabled[n - 1]! + Math.log(n);

const logFactorial = (n: number): number => (n < tabled.length ? tabled[n]! : logGamma(n + 1));
