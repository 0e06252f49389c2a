import { Command, InvalidArgumentError } from 'commander';
import { role, tokenClaims, type Role } from '#libs/contracts/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { events } from './commands/events.js';
import { status } from './commands/status.js';
import { why } from './commands/why.js';
import { CommandFailed } from './errors.js';
import { apiClient, type ApiClient } from './http/api-client.js';
import type { Io } from './io.js';
import { driftFlags, type BacktestFlags } from './offline/backtest/flags.js';
import { secondsIn } from './text/duration.js';

interface GlobalOptions {
  readonly url: string;
  readonly json: boolean;
}

/** The command line. Commands that found something wrong throw CommandFailed with exit code 1. */
export function program(io: Io): Command {
  const root = new Command('modelog')
    .description('A flight recorder and autopilot for machine-learning models')
    .option('--url <url>', 'where Modelog answers', defaultUrl(io.env))
    .option('--json', 'answers as JSON', false)
    .showHelpAfterError('(modelog --help lists the commands)')
    .configureOutput({
      writeOut: (text) => {
        io.out(text.trimEnd());
      },
      writeErr: (text) => {
        io.err(text.trimEnd());
      },
    })
    .addHelpText(
      'after',
      '\nWhere the server asks who calls, MODELOG_TOKEN has the token (modelog token --help).\n\nverify, rebuild and backtest read the log itself: with NATS_URL and DATABASE_URL, or with what a running Modelog left in\nMODELOG_DATA_DIR (.modelog).\n\nExit codes: 0 well, 1 something is wrong or refused, 2 nobody answers.',
    );
  const options = (): GlobalOptions => root.opts<GlobalOptions>();
  const client = (): ApiClient => apiClient(options().url, io.signal, io.env.MODELOG_TOKEN);

  root
    .command('status')
    .description('health, deployments and their last minute, logs and read models')
    .action(async () => {
      if (!(await status(client(), io, { ...options(), now: systemClock.now() }))) throw new CommandFailed('', 1);
    });
  root
    .command('events')
    .description('governance events, in order')
    .option('--from <seq>', 'first sequence (1; with --follow, what comes from now on)', position)
    .option('--types <types>', 'only these types, separated by commas')
    .option('--aggregate <kind/name>', 'only those of model/<name> or deployment/<name>')
    .option('--limit <n>', 'at most so many (50; with --follow, all)', position)
    .option('--follow', 'goes on with what comes, until interrupted', false)
    .action(async (own: { from?: number; types?: string; aggregate?: string; limit?: number; follow: boolean }) => {
      await events(client(), io, { ...own, json: options().json });
    });
  root
    .command('why')
    .description('the story of one prediction')
    .argument('<prediction-id>')
    .action(async (predictionId: string) => {
      await why(client(), io, predictionId, options());
    });
  root
    .command('token')
    .description('signs a token with MODELOG_AUTH_SECRET and prints it')
    .requiredOption('--actor <name>', 'whom the events are to name', actor)
    .requiredOption('--role <role>', `${role.options.join(', ')}; may be given several times`, roles)
    .option('--expires <duration>', 'for how long it holds: 90s, 30m, 12h, 7d', duration, 12 * 3_600)
    .addHelpText('after', '\nexport MODELOG_TOKEN=$(modelog token --role viewer --actor ada)')
    .action(async (own: { actor: string; role: Role[]; expires: number }) => {
      const { token } = await import('./commands/token.js');
      await token(io, systemClock, { ...own, roles: own.role, json: options().json });
    });
  // What reads the log itself brings the servers' libraries along: the commands above start without them.
  root
    .command('verify')
    .description('verifies the log, hash chains, recorded predictions and read models; changes nothing')
    .action(async () => {
      const { verify } = await import('./commands/verify.js');
      if (!(await verify(io, options()))) throw new CommandFailed('', 1);
    });
  root
    .command('rebuild')
    .description('folds a read model anew from the log, beside the live one, and swaps it in')
    .argument('[read-model]', 'registry, deployments, traffic or all', 'all')
    .action(async (name: string) => {
      const { rebuildReadModels } = await import('./commands/rebuild.js');
      await rebuildReadModels(io, name, options());
    });
  const tested = root
    .command('backtest')
    .description('what detectors, or the monitor with other settings, would have found in recorded traffic')
    .requiredOption('--deployment <name>', 'whose traffic')
    .option('--version <version>', 'of this version alone')
    .option('--detector <name:param=value,…>', 'on the recorded errors; may be given several times', collected, [])
    .option('--metric <name>', 'a bound of this metric, with --min or --max')
    .option('--min <value>', 'least value of the metric')
    .option('--max <value>', 'largest value of the metric');
  for (const [flag, , key, about] of driftFlags) tested.option(`--${flag} <value>`, `drift_detection.${key}: ${about}`);
  tested
    .option('--set <part.setting=value>', 'any other setting of monitoring_config.yaml; several times', collected, [])
    .option('--from <moment>', 'seq:<in EVENTS>, traffic:<in TRAFFIC> or an instant')
    .option('--to <moment>', 'the same')
    .option('--fresh', 'begins at --from as if nothing had been before', false)
    .option('--change-points <list>', 'where concepts changed: samples from 0, or moments; or a file of them')
    .option('--within <n>', 'samples in which a change may be found (half the way to the next one)')
    .option('--labels <file.csv>', 'prediction_id,label: instead of those that are recorded')
    .addHelpText('after', backtestHelp)
    .action(async (own: BacktestFlags) => {
      const { runBacktest } = await import('./commands/backtest.js');
      await runBacktest(io, own, options());
    });
  return root;
}

const collected = (text: string, former: readonly string[]): readonly string[] => [...former, text];

const backtestHelp = `
Without --detector the monitor itself runs, with the settings of the log and those that are given. Samples are labelled
predictions for detectors, rows of the version for the monitor; both are counted from the span's beginning. A day alone
is its beginning, UTC.

A change is found by the first alarm from its sample on within --within samples, and before the next change; the delay
is the samples between the two. Recall: changes that were found, of all. Alarms outside of these spans are false: their
rate is per 10,000 samples there. Without --change-points all alarms are counted as if nothing had changed.

Examples:
  modelog backtest --deployment churn
  modelog backtest --deployment churn --detector adwin --detector ddm:drift_threshold=2.5 --change-points 1200,3400
  modelog backtest --deployment churn --policy evidently --window 500 --from 2026-05-01 --to 2026-06-01
  modelog backtest --deployment churn --metric accuracy --min 0.8 --from seq:41 --json
  modelog backtest --deployment churn --detector kswin --labels truth.csv --version 1.1.0

Exit codes: 0 done, 1 not possible as asked, 2 nobody answers.`;

const defaultUrl = ({ MODELOG_HOST = '127.0.0.1', MODELOG_PORT = '5000' }: Io['env']): string =>
  `http://${MODELOG_HOST === '0.0.0.0' ? '127.0.0.1' : MODELOG_HOST}:${MODELOG_PORT}`;

function position(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number from 1 on.');
  return value;
}

function actor(text: string): string {
  const parsed = tokenClaims.shape.sub.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(`${parsed.error.issues.map(({ message }) => message).join('; ')}.`);
}

function roles(text: string, former: readonly Role[] = []): Role[] {
  const parsed = role.safeParse(text);
  if (!parsed.success) throw new InvalidArgumentError(`Expected one of ${role.options.join(', ')}.`);
  return [...new Set([...former, parsed.data])];
}

function duration(text: string): number {
  const seconds = secondsIn(text);
  if (seconds === undefined)
    throw new InvalidArgumentError('Expected a whole number and s, m, h or d, from 1s to 3650d, for example 12h.');
  return seconds;
}
