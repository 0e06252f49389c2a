import { describe, expect, it } from '@jest/globals';
import type { CompletedRun, RunTiming } from '#libs/inference/index.js';
import { Metrics } from '#libs/nest/index.js';
import { RowSection, type RequestRows } from '../recording/row-section.js';
import { TrafficCounts } from '../traffic-counts.js';
import { registerModelServerMetrics, type PendingRows } from './model-servers.js';

const silent = { stored: () => undefined, notStored: () => undefined };
const part = (rows: number, beganAt: number, requestRow = 0): RequestRows => ({
  ...{ request: silent, requestRow, rows, beganAt },
  ...{ requestId: undefined, subjectId: undefined, routingKey: undefined },
});

function section(now: number, ...parts: RequestRows[]): RowSection {
  const made = new RowSection();
  for (const each of parts) made.add(each, now);
  return made;
}

const runOf = (rows: number, timing: RunTiming, reusedRows = 0): CompletedRun => ({
  ...{ rows, inputs: [], outputs: Object.assign([], { reusedRows }), timing, release: () => undefined },
});

async function linesOf(counts: TrafficCounts[], pending: PendingRows[] = []): Promise<string[]> {
  const metrics = new Metrics({ component: 'serving' });
  registerModelServerMetrics(metrics, { counts: () => counts, pending: () => pending });
  return (await metrics.text())
    .split('\n')
    .filter((line) => /^(nv|model_infer|request_predict)_/.test(line))
    .map((line) => line.replace(',component="serving"', ''));
}

describe('counts under the names of other model servers', () => {
  it('are of requests, rows, runs and the time in each part of them', async () => {
    const counts = new TrafficCounts('cellar', 'wine@1.0.0');
    // Two requests in one run, the second one cut: its last two rows are in another run.
    const [one, two, rest] = [part(1, 10), part(3, 12), part(2, 12, 3)];
    const first = runOf(4, { begunAt: 20, inputsAt: 21, endedAt: 26 });
    const second = runOf(2, { begunAt: 30, inputsAt: 31, endedAt: 33 });
    counts.ran(one, first, 0, 40);
    counts.ran(two, first, 1, 40);
    counts.ran(rest, second, 0, 40);
    counts.tick(section(40, one, two, rest), section(110, part(1, 10)), section(11, part(1, 10)));
    // Answers that the cache had are served, and no inference.
    const atOnce = { begunAt: 50, inputsAt: 50, endedAt: 50 };
    counts.ran(part(1, 50), runOf(1, atOnce, 1), 0, 50);
    counts.ran(part(1, 50), runOf(3, atOnce, 2), 0, 50);
    counts.ran(part(2, 50), runOf(3, atOnce, 2), 1, 50);
    counts.tick(section(51, part(1, 50)), new RowSection(), new RowSection());

    const lines = await linesOf([counts], [{ deployment: 'cellar', version: '1.0.0', rows: 5 }]);
    const version = 'model="cellar",version="1.0.0"';
    expect(lines.filter((line) => line.startsWith('nv_'))).toEqual([
      `nv_inference_request_success{${version}} 3`,
      `nv_inference_request_failure{${version},reason="BACKEND"} 1`,
      `nv_inference_request_failure{${version},reason="OTHER"} 1`,
      `nv_inference_count{${version}} 7`,
      `nv_inference_exec_count{${version}} 3`,
      `nv_inference_request_duration_us{${version}} 59000`,
      `nv_inference_queue_duration_us{${version}} 18000`,
      `nv_inference_compute_input_duration_us{${version}} 3000`,
      `nv_inference_compute_infer_duration_us{${version}} 12000`,
      `nv_inference_compute_output_duration_us{${version}} 35000`,
      `nv_inference_pending_request_count{${version}} 5`,
    ]);
    expect(lines.filter((line) => line.startsWith('model_infer'))).toEqual([
      `model_infer_request_success_total{${version}} 3`,
      `model_infer_request_failure_total{${version}} 2`,
      `model_infer_request_duration_sum{${version}} 0.159`,
      `model_infer_request_duration_count{${version}} 4`,
    ]);
    const kserve = 'model_name="cellar",model_version="1.0.0"';
    expect(lines).toContain(`request_predict_seconds_bucket{${kserve},le="0.001"} 1`);
    expect(lines).toContain(`request_predict_seconds_bucket{${kserve},le="0.05"} 3`);
    expect(lines).toContain(`request_predict_seconds_bucket{${kserve},le="+Inf"} 4`);
    expect(lines).toContain(`request_predict_seconds_sum{${kserve}} 0.159`);
    expect(lines).toContain(`request_predict_seconds_count{${kserve}} 4`);
  });

  it('are one for versions of the same name of several models', async () => {
    const all = ['wine@1.0.0', 'grape@1.0.0', 'grape@2.0.0'].map((version) => new TrafficCounts('cellar', version));
    for (const counts of all) counts.tick(section(8, part(2, 5)), new RowSection(), new RowSection());
    const lines = await linesOf(all);
    expect(lines.filter((line) => /^(nv_inference_request_success|request_predict_seconds_count)/.test(line))).toEqual([
      'nv_inference_request_success{model="cellar",version="1.0.0"} 2',
      'nv_inference_request_success{model="cellar",version="2.0.0"} 1',
      'request_predict_seconds_count{model_name="cellar",model_version="1.0.0"} 2',
      'request_predict_seconds_count{model_name="cellar",model_version="2.0.0"} 1',
    ]);
  });
});
