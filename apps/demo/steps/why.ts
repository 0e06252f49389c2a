import { api as contract } from '#libs/contracts/index.js';
import { punctualityOf } from '../flights/features.js';
import { given, type Step, type Story } from '../story.js';

/** The story of the last flight that was late against what was predicted. */
export const why: Step = {
  title: 'Why: the whole story of one prediction that was wrong',
  async run(story) {
    const id = predictionOf(story);
    const told = await given(story, 'platform').modelog(['why', id]);
    for (const line of told.split('\n')) story.screen.line(`  ${line}`);
    const { labels } = await given(story, 'api').get(`/api/why/${id}`, contract.why);
    if (labels.find(({ counts }) => counts)?.label !== 'late') story.failures.push(`why ${id}: its label is not told`);
  },
  shownAt: (story) => [{ path: `/api/why/${predictionOf(story)}` }],
};

function predictionOf(story: Story): string {
  const [{ ids, isLate }, { all, asked }] = [given(story, 'asked'), given(story, 'flights')];
  const place = ids.findLastIndex((_, at) => isLate[at] === false && punctualityOf(all, asked[at]!) === 'late');
  return ids[place] ?? ids[0]!;
}
