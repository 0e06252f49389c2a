import { readFindings, type FoundFinding } from '../monitoring/findings.js';
import { table } from '../text/table.js';
import { given, type Step } from '../story.js';

export const findings: Step = {
  title: 'What was found: each condition is raised once and cleared once',
  async run(story) {
    const found = await readFindings(given(story, 'api'), story.scale.deployment, given(story, 'version'));
    story.findings = found;
    for (const line of table(['seq', 'condition', 'raised at', 'numbers', 'cleared at'], found.map(rowOf)))
      story.screen.line(`  ${line}`);
    if (found.some(({ finding }) => finding.details.kind === 'concept_drift'))
      story.screen.line(
        '  The detector of concept drift is set to changes of the error that last for weeks (config/examples/demo): of single bad days there are many.',
      );
  },
  shownAt: ({ scale: { deployment } }) => [
    { path: `/api/monitoring/findings?deployment=${deployment}` },
    { path: `/api/events?aggregate=monitor/${deployment}` },
  ],
};

const rowOf = ({ finding }: FoundFinding): string[] => [
  String(finding.raised.seq),
  finding.condition,
  raisedOf(finding),
  numbersOf(finding.details),
  clearedOf(finding.cleared),
];

function raisedOf({ raised, details }: FoundFinding['finding']): string {
  if (raised.window !== null) return `window ${raised.window}`;
  return details.kind === 'concept_drift' ? `label ${details.labels}` : '';
}

const clearedOf = (cleared: FoundFinding['finding']['cleared']): string => {
  if (cleared === null) return 'open';
  return cleared.window === null ? `event ${cleared.seq}` : `window ${cleared.window}`;
};

const number = (value: number | null): string => (value === null ? 'none' : String(Number(value.toPrecision(3))));

/** The one that has changed most. */
function columnsOf(columns: readonly { readonly column: string; readonly effect: number | null }[]): string {
  const [most, ...others] = [...columns].sort((a, b) => (b.effect ?? 0) - (a.effect ?? 0));
  if (most === undefined) return '';
  return `${most.column} ${number(most.effect)}${others.length === 0 ? '' : `, ${others.length} more`}`;
}

function numbersOf(details: FoundFinding['finding']['details']): string {
  switch (details.kind) {
    case 'data_drift':
      return columnsOf(details.columns);
    case 'concept_drift':
      return `error ${number(details.error_before)} to ${number(details.error_now)}`;
    case 'performance':
      return `${number(details.value)}, ${details.bound} ${number(details.threshold)}`;
    case 'quality':
      return `${number(details.value)}, at most ${number(details.threshold)}`;
  }
}
