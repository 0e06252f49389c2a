import { readFindings, type FoundFinding } from '../monitoring/findings.js';
import { table } from '../text/table.js';
import { span } from '../text/words.js';
import { given, type Step } from '../story.js';

export const findings: Step = {
  title: 'What was found: each condition is raised once and cleared once',
  async run(story) {
    const found = await readFindings(given(story, 'api'), story.scale.deployment, given(story, 'version'));
    story.findings = found;
    for (const line of table(['seq', 'condition', 'window', 'numbers', 'cleared', 'delay'], found.map(rowOf)))
      story.screen.line(`  ${line}`);
  },
  shownAt: ({ scale: { deployment } }) => [
    { path: `/api/monitoring/findings?deployment=${deployment}` },
    { path: `/api/events?aggregate=monitor/${deployment}` },
  ],
};

const rowOf = ({ finding, delayMs }: FoundFinding): string[] => [
  String(finding.raised.seq),
  finding.condition,
  finding.raised.window === null ? '' : String(finding.raised.window),
  numbersOf(finding.details),
  clearedOf(finding.cleared),
  span(delayMs),
];

const clearedOf = (cleared: FoundFinding['finding']['cleared']): string => {
  if (cleared === null) return 'open';
  return cleared.window === null ? `event ${cleared.seq}` : `window ${cleared.window}`;
};

const number = (value: number | null): string => (value === null ? 'none' : String(Number(value.toPrecision(3))));

function numbersOf(details: FoundFinding['finding']['details']): string {
  switch (details.kind) {
    case 'data_drift':
      return details.columns.map(({ column, effect }) => `${column} ${number(effect)}`).join(', ');
    case 'concept_drift':
      return `error ${number(details.error_before)} to ${number(details.error_now)}, label ${details.labels}`;
    case 'performance':
      return `${number(details.value)}, ${details.bound} ${number(details.threshold)}`;
    case 'quality':
      return `${number(details.value)}, at most ${number(details.threshold)}`;
  }
}
