import { given, type Step } from '../story.js';

export const verify: Step = {
  title: 'Verify: hash chains, recorded predictions, and read models against a rebuild',
  async run(story) {
    // It ends with another code than 0 where anything is wrong.
    const told = await given(story, 'platform').modelog(['verify']);
    for (const line of told.split('\n')) story.screen.line(`  ${line}`);
  },
  shownAt: ({ dataFolder }) => [{ command: `MODELOG_DATA_DIR=${dataFolder} npx modelog verify` }],
};
