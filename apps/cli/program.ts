import { Command, InvalidArgumentError } from 'commander';
import { role, tokenClaims, type Role } from '#libs/contracts/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { events } from './commands/events.js';
import { status } from './commands/status.js';
import { why } from './commands/why.js';
import { CommandFailed } from './errors.js';
import { apiClient, type ApiClient } from './http/api-client.js';
import type { Io } from './io.js';
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
      '\nWhere the server asks who calls, MODELOG_TOKEN has the token (modelog token --help).\n\nverify and rebuild read the log itself: with NATS_URL and DATABASE_URL, or with what a running Modelog left in\nMODELOG_DATA_DIR (.modelog).\n\nExit codes: 0 well, 1 something is wrong or refused, 2 nobody answers.',
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
  return root;
}

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
