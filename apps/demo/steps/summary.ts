import { api as contract } from '#libs/contracts/index.js';
import { summaryOf } from '../summary.js';
import { given, type Step } from '../story.js';

export const summary: Step = {
  title: 'The end of the story',
  async run(story) {
    const api = given(story, 'api');
    const [wanted, version] = [given(story, 'flights').asked.length, given(story, 'version')];
    const { deployment, windowRows } = story.scale;
    const served = await api.until(`the read model to have ${wanted} predictions`, async () => {
      const which = new URLSearchParams({ deployment, version }).toString();
      const { items } = await api.get(`/api/monitoring/metrics?${which}`, contract.metricsAnswer);
      const total = items[0]?.total;
      return total !== undefined && total.rows >= wanted ? total : undefined;
    });
    const { rows, failures } = summaryOf({
      wanted,
      windowRows,
      served,
      asked: given(story, 'asked'),
      windows: given(story, 'windows'),
      findings: given(story, 'findings'),
      tally: api.tally,
    });
    const width = Math.max(...rows.map(([name]) => name.length));
    for (const [name, value] of rows) story.screen.line(`  ${name.padEnd(width)}  ${value}`);
    story.failures.push(...failures);
  },
  shownAt: () => [{ path: '/health/ready' }, { path: '/metrics' }],
};
