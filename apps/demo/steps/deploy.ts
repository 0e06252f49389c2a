import { api as contract } from '#libs/contracts/index.js';
import { DemoFailed } from '../demo-failed.js';
import { model } from '../scale.js';
import { given, type Step } from '../story.js';

export const deploy: Step = {
  title: 'Deploy to production',
  async run(story) {
    const [api, version, { deployment }] = [given(story, 'api'), given(story, 'version'), story.scale];
    const { seq } = await api.send(
      'POST',
      '/api/deploy',
      { deployment, model: `${model}@${version}`, environment: 'production' },
      contract.deployAccepted,
    );
    await api.until('the version to take traffic', async () => {
      const { items } = await api.get(
        `/api/deploy/status?deployment=${deployment}&min_seq=${seq}`,
        contract.deploymentList,
      );
      const [status] = items;
      if (status?.state === 'failed')
        throw new DemoFailed(`the deployment failed: ${status.rollout?.failure?.reason ?? 'for no reason told'}`);
      const serving = status?.versions.find((one) => one.version === version && one.ready_instances > 0);
      return status?.state === 'live' ? serving : undefined;
    });
    story.screen.line(`  ${deployment} serves ${model}@${version}`);
  },
  shownAt: ({ scale }) => [
    { path: `/api/deploy/status?deployment=${scale.deployment}` },
    { path: '/api/predict/health' },
  ],
};
