import type { GovernanceEvent } from '#libs/contracts/index.js';
import type { LogRecord, StreamMessage } from '#libs/event-log/index.js';
import {
  eventsSource,
  rebuild,
  trafficSource,
  windowsSource,
  type MessageSource,
  type Projection,
  type RebuildOptions,
  type RebuildReport,
} from '#libs/projecting/index.js';
import { deployments } from '#projections/deployments/index.js';
import { findings } from '#projections/findings/index.js';
import { lineage } from '#projections/lineage/index.js';
import { registry } from '#projections/registry/index.js';
import { traffic } from '#projections/traffic/index.js';
import { training } from '#projections/training/index.js';
import { windows } from '#projections/windows/index.js';
import { CommandFailed } from '../errors.js';
import type { Servers } from './servers.js';

type Options = Pick<RebuildOptions<never>, 'swap' | 'signal' | 'onProgress'>;

/** A read model that can be folded anew from the log. */
export interface ReadModel {
  readonly name: string;
  rebuild(options: Options): Promise<RebuildReport>;
}

export function readModels(servers: Servers): ReadModel[] {
  const { database } = servers;
  const events = eventsSource(servers.reader);
  const ofEvents = <Fact>(projection: Projection<LogRecord<GovernanceEvent>, Fact>): ReadModel => ({
    name: projection.name,
    rebuild: (options) => rebuild(projection, { ...options, database, source: events }),
  });
  const of = <Fact>(projection: Projection<StreamMessage, Fact>, source: MessageSource<StreamMessage>): ReadModel => ({
    name: projection.name,
    rebuild: (options) => rebuild(projection, { ...options, database, source }),
  });
  return [
    ...[ofEvents(registry), ofEvents(deployments), ofEvents(lineage), ofEvents(training), ofEvents(findings)],
    ...[of(traffic, trafficSource(servers.traffic)), of(windows, windowsSource(servers.windows))],
  ];
}

/** The named one, or all. @throws CommandFailed for a name that no read model has */
export function chosen(models: readonly ReadModel[], name: string): readonly ReadModel[] {
  if (name === 'all') return models;
  const found = models.filter((model) => model.name === name);
  if (found.length > 0) return found;
  throw new CommandFailed(`No read model is named '${name}': ${models.map((model) => model.name).join(', ')}, all`, 1);
}
