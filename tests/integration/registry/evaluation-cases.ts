import { describe, expect, it } from '@jest/globals';
import type { api } from '#libs/contracts/index.js';
import { expectRefused, type Refusal } from '../api/refusals.js';
import type { RegistryWorld } from './world.js';

export function evaluationCases(world: () => RegistryWorld): void {
  const evaluate = (body: object, headers: Record<string, string> = {}) =>
    world().anna.post(
      '/api/models/measured/versions/1.0.0/evaluations',
      { dataset: 'd', metrics: {}, ...body },
      headers,
    );
  const curve = (content: unknown): Promise<string> =>
    world().upload(new TextEncoder().encode(typeof content === 'string' ? content : JSON.stringify(content)));

  describe('an evaluation', () => {
    it('is kept beside the version, with what the server read from its curves', async () => {
      await world().register('measured', { metrics: { auc: 0.7 } });
      const body = {
        ...{ dataset: 'holdout', split: 'test', rows: 4, metrics: { auc: 0.75 }, notes: 'on the newest month' },
        confusion_matrix: {
          labels: ['no', 'yes'],
          counts: [
            [1, 1],
            [0, 2],
          ],
        },
        slices: [{ slice: 'country=DE', rows: 2, metrics: { auc: 1 } }],
        curves: {
          roc: await curve({ fpr: [0, 0, 0.5, 0.5, 1], tpr: [0, 0.5, 0.5, 1, 1] }),
          calibration: await curve({ predicted: [0.25, 0.75], observed: [0.5, 0.75], counts: [1, 3] }),
        },
      };
      const recorded = await evaluate(body);
      expect(recorded.status).toBe(201);
      // Trapezoids: 0.5·0.5 + 0.5·1. One bin of four rows is off by 0.25.
      const curves = [
        { kind: 'roc', artifact: body.curves.roc, points: 5, auc: 0.75 },
        {
          ...{ kind: 'calibration', artifact: body.curves.calibration, bins: 2 },
          ...{ expected_calibration_error: 0.0625, max_calibration_error: 0.25 },
        },
      ];
      expect(recorded.body).toMatchObject({ model_id: 'measured', version: '1.0.0', curves });
      const view = (await world().get(`/api/models/measured/versions/1.0.0?min_seq=${Number(recorded.body.seq)}`)).body;
      expect(view).toMatchObject({
        metrics: { auc: 0.7 },
        evaluations: [{ ...body, curves, evaluation_id: recorded.body.evaluation_id, actor: 'anna' }],
      });
      const before = await world().get(
        `/api/models/measured/versions/1.0.0?as_of=seq:${Number(recorded.body.seq) - 1}`,
      );
      expect(before.body).toMatchObject({ evaluations: [] });
      const found = await world().get(
        `/api/versions?filter=${encodeURIComponent('evaluations.auc > 0.74 and name = "measured"')}`,
      );
      expect((found.body.items as api.VersionSummary[]).map(({ version }) => version)).toEqual(['1.0.0']);
    });

    const curves: [string, string, unknown, Refusal][] = [
      ['no JSON', 'roc', '{"fpr": [0,', { status: 422, code: 'invalid_curve', path: 'curves.roc', says: 'JSON' }],
      [
        'another field',
        'pr',
        { fpr: [0, 1], tpr: [0, 1] },
        { status: 422, code: 'invalid_curve', path: 'curves.pr.fpr' },
      ],
      [
        'a rate above 1',
        'roc',
        { fpr: [0, 1], tpr: [0, 1.5] },
        { status: 422, code: 'invalid_curve', path: 'curves.roc.tpr.1' },
      ],
      [
        'a rate that falls',
        'roc',
        { fpr: [0, 0.5, 0.25, 1], tpr: [0, 0.5, 0.75, 1] },
        { status: 422, code: 'invalid_curve', path: 'curves.roc.fpr.2' },
      ],
      [
        'arrays of other lengths',
        'calibration',
        { predicted: [0, 1], observed: [0, 1], counts: [1, 1, 1] },
        { status: 422, code: 'invalid_curve' },
      ],
    ];
    it.each(curves)('refuses a curve with %s, naming curve and place', async (_what, kind, content, refusal) => {
      const artifact = await curve(content);
      await expectRefused(world(), () => evaluate({ curves: { [kind]: artifact } }), refusal);
    });

    const bodies: [string, object, Refusal][] = [
      [
        'a curve that is not there',
        { curves: { roc: `sha256:${'0'.repeat(64)}` } },
        { status: 404, code: 'artifact_not_found', path: 'curves.roc' },
      ],
      [
        'an unknown kind of curve',
        { curves: { lift: `sha256:${'0'.repeat(64)}` } },
        { status: 422, code: 'invalid_request' },
      ],
      [
        'a matrix that is not square',
        { confusion_matrix: { labels: ['a', 'b'], counts: [[1, 2]] } },
        { status: 422, code: 'invalid_request', path: 'confusion_matrix.counts' },
      ],
      [
        'a metric that is no number',
        { metrics: { auc: '1' } },
        { status: 422, code: 'invalid_request', path: 'metrics.auc' },
      ],
    ];
    it.each(bodies)('refuses %s', async (_what, body, refusal) => {
      await expectRefused(world(), () => evaluate(body), refusal);
    });
  });
}
