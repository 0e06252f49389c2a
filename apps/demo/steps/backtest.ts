import { z } from 'zod';
import { given, type Step, type Story } from '../story.js';

/** Of the report what is looked at here. `index` null: recorded, and not found again. */
const report = z.object({
  compared: z.array(
    z.object({
      recorded: z.boolean(),
      index: z.int().nullable(),
      finding: z.object({ type: z.string(), data: z.object({ at: z.string() }) }),
    }),
  ),
});

/** The recorded traffic again: as it was watched, and as it might have been. */
export const backtest: Step = {
  title: 'Backtest: the recorded traffic finds the same again; what another policy would have found',
  async run(story) {
    const platform = given(story, 'platform');
    const { compared } = report.parse(JSON.parse(await platform.modelog(['--json', ...command(story, 'calibrated')])));
    const recorded = compared.filter((each) => each.recorded);
    const again = recorded.filter(({ index }) => index !== null);
    story.screen.line(
      `  As it was watched: ${recorded.length} events of data drift are in the log; ${again.length} of them were found again, and ${compared.length - recorded.length} others`,
    );
    if (again.length < compared.length) story.failures.push('the backtest did not find what the log has');
    const other = await platform.modelog(command(story, 'evidently'));
    for (const line of other.split('\n')) story.screen.line(`  ${line}`);
  },
  shownAt: (story) => [
    { command: `MODELOG_DATA_DIR=${story.dataFolder} npx modelog ${command(story, 'evidently').join(' ')}` },
  ],
};

const command = ({ scale }: Story, policy: 'calibrated' | 'evidently'): string[] => [
  ...['backtest', '--deployment', scale.deployment, '--policy', policy],
];
