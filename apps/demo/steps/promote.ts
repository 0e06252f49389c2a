import { api as contract } from '#libs/contracts/index.js';
import { model } from '../scale.js';
import { given, type Step } from '../story.js';

/** As config/examples/demo/pipeline_config.yaml asks for it: production needs an approval. */
export const promote: Step = {
  title: 'Approve and promote: the version becomes champion',
  async run(story) {
    const [api, version] = [given(story, 'api'), given(story, 'version')];
    await api.send(
      'POST',
      `/api/models/${model}/versions/${version}/approval`,
      { decision: 'approve', to: 'production', reason: 'better than always saying on time, and its ranking is sound' },
      contract.approvalDecided,
    );
    for (const to of ['staging', 'production'] as const)
      await api.send(
        'PUT',
        `/api/models/${model}/promote`,
        { version, to, reason: 'the first model of late flights' },
        contract.promoted,
      );
    story.screen.line(`  ${model}@${version} is champion`);
  },
  shownAt: () => [{ path: `/api/models/${model}/history` }],
};
