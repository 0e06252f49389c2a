import { Random } from '#libs/learning/index.js';
import { Experiment, type ExperimentPlan } from '#libs/statistics/index.js';

/** What is measured of a request: the same of both arms, so that any verdict but inconclusive is false. */
export interface Outcome {
  readonly name: string;
  readonly draw: (random: Random) => number;
}

export const outcomes: readonly Outcome[] = [
  { name: 'normal', draw: (random) => random.normal() },
  { name: '1 in 2', draw: (random) => Number(random.float() < 0.5) },
  { name: '1 in 100', draw: (random) => Number(random.float() < 0.01) },
  { name: 'log-normal', draw: (random) => Math.exp(random.normal()) },
];

export interface NullRollouts {
  readonly rollouts: number;
  readonly requests: number;
  /** Requests that b gets. */
  readonly shareOfB: number;
  readonly outcome: Outcome;
}

export interface NullCounts {
  /** Promoted, or rolled back. */
  readonly falsely: number;
  /** Stopped for requests that chance parted unevenly. */
  readonly mismatches: number;
}

/** Rollouts of a candidate that is what serves already, each looked at after every request. */
export function nullRollouts({ rollouts, requests, shareOfB, outcome }: NullRollouts): NullCounts {
  const plan: ExperimentPlan = {
    ...{ design: 'split', shareOfB },
    metrics: [{ name: 'outcome', of: 'mean', better: 'higher', role: 'goal' }],
  };
  let [falsely, mismatches] = [0, 0];
  for (let rollout = 0; rollout < rollouts; rollout++) {
    const random = new Random(rollout, 41);
    const experiment = new Experiment(plan);
    for (let request = 0; request < requests && !experiment.settled; request++) {
      const arm = random.float() < shareOfB ? 'b' : 'a';
      experiment.observe({ kind: 'request', arm });
      experiment.observe({ kind: 'outcome', arm, metric: 'outcome', value: outcome.draw(random) });
    }
    const { verdict, reason } = experiment.verdict();
    if (verdict === 'promote' || verdict === 'roll_back') falsely++;
    if (reason === 'sample_ratio_mismatch') mismatches++;
  }
  return { falsely, mismatches };
}
