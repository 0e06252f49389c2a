import { api as contract } from '#libs/contracts/index.js';
import { DemoFailed } from '../demo-failed.js';
import { target } from '../flights/training-set.js';
import { model, seed } from '../scale.js';
import { percent } from '../text/words.js';
import { given, type Step } from '../story.js';
import { trainingFile } from './prepare-data.js';

export const train: Step = {
  title: 'Train: gradient boosting, measured on rows held out and registered',
  async run(story) {
    const api = given(story, 'api');
    const { job_id, seq } = await api.send(
      'POST',
      '/api/training/start',
      {
        ...{ model, target, seed, dataset: { uri: trainingFile }, algorithm: 'gradient_boosting' },
        validation: { test_size: 0.2 },
        description: 'Will this flight be fifteen minutes late or more?',
      },
      contract.trainingStarted,
    );
    story.job = job_id;
    const job = await api.until(
      'the training to end',
      async () => {
        const now = await api.get(`/api/training/status/${job_id}?min_seq=${seq}`, contract.jobView);
        if (now.status !== 'queued' && now.status !== 'running') return now;
        story.screen.progress(now.progress, 1, now.stage ?? now.status);
        return undefined;
      },
      { timeoutMs: 300_000, everyMs: 250 },
    );
    story.screen.settle();
    const version = job.model_version?.split('@')[1];
    if (job.status !== 'succeeded' || version === undefined)
      throw new DemoFailed(`the training ${job.status}: ${job.error?.message ?? job.not_registered.join('; ')}`);
    story.version = version;
    const { accuracy = Number.NaN, roc_auc = Number.NaN } = job.metrics ?? {};
    story.screen.line(
      `  ${model}@${version}: on rows held out right for ${percent(accuracy)}, area under the ROC curve ${roc_auc.toFixed(3)}`,
    );
  },
  shownAt: (story) => [{ path: `/api/training/status/${given(story, 'job')}` }, { path: `/api/models/${model}` }],
};
