import { z } from 'zod';
import { table } from '../text/table.js';
import { count } from '../text/words.js';
import { given, type Step, type Story } from '../story.js';

/** Of the report what is looked at here. `index` null: recorded, and not found again. */
const report = z.object({
  compared: z.array(
    z.object({ recorded: z.boolean(), index: z.int().nullable(), finding: z.object({ type: z.string() }) }),
  ),
  detectors: z.array(z.object({ detector: z.string(), samples: z.int(), alarms: z.array(z.unknown()) })),
});
type Report = z.infer<typeof report>;

/** With their usual parameters. */
const detectors = ['adwin', 'ddm', 'hddm_a', 'page_hinkley'] as const;
const ofDetectors = detectors.flatMap((name) => ['--detector', name]);
const ofEvidently = ['--policy', 'evidently'];

/** The recorded traffic again: as it was watched, and as it might have been. */
export const backtest: Step = {
  title: 'Backtest: the recorded traffic again, as it was watched and as it might have been',
  async run(story) {
    const { screen } = story;
    const watched = await backtested(story, []);
    const recorded = watched.compared.filter((each) => each.recorded);
    const again = recorded.filter(({ index }) => index !== null);
    screen.line(
      `  As it was watched: ${recorded.length} events are in the log; ${again.length} of them were found again, and ${watched.compared.length - recorded.length} others`,
    );
    if (again.length < watched.compared.length) story.failures.push('the backtest did not find what the log has');
    const other = await backtested(story, ofEvidently);
    const errors = await backtested(story, ofDetectors);
    const rows = [
      ['data drift, policy calibrated (as it was watched)', raised(watched, 'DataDriftDetected')],
      ['data drift, policy evidently', raised(other, 'DataDriftDetected')],
      ['concept drift, the detector that watched', raised(watched, 'ConceptDriftDetected')],
      ...errors.detectors.map(({ detector, alarms, samples }) => [
        `concept drift, ${detector} by default`,
        `${count(alarms.length)} alarms, one for ${count(Math.round(samples / Math.max(1, alarms.length)))} labels`,
      ]),
    ];
    for (const line of table(['judged by', 'told'], rows)) screen.line(`  ${line}`);
    screen.line(
      '  Detectors keep their rate of false alarms where errors are independent. Flights of a day share its weather: what these tell of are days, and in any other order of the days they would tell as much.',
    );
  },
  shownAt: (story) =>
    [ofEvidently, ofDetectors].map((args) => ({ command: `${environmentOf(story)} ${args.join(' ')}` })),
};

const command = ({ scale }: Story): string[] => ['backtest', '--deployment', scale.deployment];

const environmentOf = (story: Story): string =>
  `MODELOG_DATA_DIR=${story.dataFolder} npx modelog ${command(story).join(' ')}`;

async function backtested(story: Story, args: readonly string[]): Promise<Report> {
  const told = await given(story, 'platform').modelog(['--json', ...command(story), ...args]);
  return report.parse(JSON.parse(told));
}

/** How often it was found here. */
function raised({ compared }: Report, type: string): string {
  const times = compared.filter(({ finding, index }) => finding.type === type && index !== null).length;
  return times === 1 ? '1 finding' : `${times} findings`;
}
