/**
 * What models are searched and compared by: `roc_auc` of two classes, which no threshold and no share of the classes bears
 * on; `accuracy` of more; `r2` of numbers. `classes` 0: a regression. `probabilities` false: the model answers labels alone.
 */
export function primaryMetric(classes: number, probabilities = true): string {
  if (classes === 0) return 'r2';
  return classes === 2 && probabilities ? 'roc_auc' : 'accuracy';
}

const losses = new Set(['log_loss', 'brier', 'ece', 'rmse', 'mae', 'mape', 'pinball']);

/** Whether less of it is better: of the losses, and of `pinball_0.9`. */
export const isLoss = (metric: string): boolean => losses.has(metric) || metric.startsWith('pinball_');

/** The metric as a score: larger is better. */
export const scoreOf = (metric: string, value: number): number => (isLoss(metric) ? -value : value);
