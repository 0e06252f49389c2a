import { subjects, type ConfigurationFiles } from '#libs/contracts/index.js';
import { configurationDefinition } from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { ModelogError, type Clock, type IdSource } from '#libs/kernel/index.js';
import { commandMeta, type Configuration } from '#libs/nest/index.js';

/** The configuration in force and the event that says so: decisions cite its sequence. */
export interface AppliedConfiguration {
  readonly files: ConfigurationFiles;
  readonly seq: number;
}

export interface ApplyOptions {
  readonly store: AggregateStore;
  readonly clock: Clock;
  readonly ids: IdSource;
}

/**
 * Records the configuration where it differs from the one in force; an unchanged one leaves no event.
 * @throws EventLogError when the log does not take it.
 */
export async function applyConfiguration(
  { files, digest }: Configuration,
  { store, clock, ids }: ApplyOptions,
): Promise<AppliedConfiguration> {
  const command = { type: 'ApplyConfiguration', digest, content: files } as const;
  const target = subjects.configuration();
  const meta = commandMeta({
    ...{ actor: 'system:api', call: 'start', target, body: command, ids },
    at: clock.now(),
  });
  const applied = await store.execute(configurationDefinition, target, command, meta);
  if (applied.ok) return { files, seq: applied.value.seq };
  if (applied.rejection.code !== 'no_change')
    throw new ModelogError('configuration_refused', `the configuration was refused: ${applied.rejection.detail}`);
  const { seq } = await store.load(configurationDefinition, target, { consistency: 'leader' });
  return { files, seq };
}
