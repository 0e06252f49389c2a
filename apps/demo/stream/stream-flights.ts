import { z } from 'zod';
import { api as contract } from '#libs/contracts/index.js';
import type { ApiClient } from '../api-client.js';
import { DemoFailed } from '../demo-failed.js';
import { featuresOf, punctualityOf } from '../flights/features.js';
import { endOf } from '../flights/flight-end.js';
import { replay } from '../flights/replay.js';
import type { Scale } from '../scale.js';
import type { FlightsData } from '../story.js';
import { Asked } from './asked.js';

export interface StreamOptions {
  readonly api: ApiClient;
  readonly data: FlightsData;
  readonly scale: Scale;
  /** After each request; labels count as much as predictions. `at`: departure of the last flight asked for. */
  readonly onProgress: (done: number, total: number, at: number) => void;
  /** Whenever a window's worth of labels has been told; nothing is asked for before it resolves. */
  readonly onWindow: (asked: Asked) => Promise<void>;
}

/** Of a batch what is used here. */
const batchAnswer = z.object({
  predictions: z.array(z.object({ prediction_id: z.string(), output: z.object({ label: z.string() }) })),
});

/**
 * Asks for the flights in time order, and tells how late each was when it has landed. One request after the other: the log
 * has them in the same order at every run.
 */
export async function streamFlights({ api, data, scale, onProgress, onWindow }: StreamOptions): Promise<Asked> {
  const { all, recent, asked: rows } = data;
  const result = new Asked();
  let windows = 0;
  for (const { kind, places } of replay(all, rows, scale.batch)) {
    const turn = Array.from(places, (place) => rows[place]!);
    if (kind === 'predict') {
      const began = performance.now();
      const inputs = turn.map((row) => featuresOf(all, recent, row));
      const { predictions } = await api.send(
        'POST',
        '/api/predict/batch',
        { deployment: scale.deployment, inputs },
        batchAnswer,
      );
      result.batchMs.push(performance.now() - began);
      if (predictions.length !== turn.length)
        throw new DemoFailed(`${turn.length} flights were asked for, and ${predictions.length} answered`);
      for (const { prediction_id, output } of predictions) result.add(prediction_id, output.label === 'late');
    } else {
      const items = Array.from(places, (place) => ({
        prediction_id: result.ids[place]!,
        label: punctualityOf(all, rows[place]!),
        observed_at: new Date(endOf(all, rows[place]!)).toISOString(),
      }));
      const { accepted, unknown } = await api.send('POST', '/api/feedback', { items }, contract.feedbackAccepted);
      if (unknown.length > 0)
        throw new DemoFailed(`labels of ${unknown.length} predictions that nobody knows: ${unknown[0] ?? ''}`);
      result.labels += accepted;
    }
    onProgress(result.ids.length + result.labels, 2 * rows.length, all.departed[rows[result.ids.length - 1]!]!);
    if (Math.floor(result.labels / scale.windowRows) === windows) continue;
    windows++;
    await onWindow(result);
  }
  return result;
}
