/** The configuration in force: one aggregate for the installation, one event per change. */
import { z } from 'zod';
import {
  catalogueOf,
  ConfigurationApplied,
  rejection,
  sha256Digest,
  subjects,
  type ConfigurationEvent,
  type Rejection,
} from '#libs/contracts/index.js';
import { accept, reject, type Decider } from '#libs/kernel/index.js';

const configurationState = z.object({ digest: sha256Digest.nullable() });
export type ConfigurationState = z.infer<typeof configurationState>;

export interface ApplyConfiguration {
  readonly type: 'ApplyConfiguration';
  readonly digest: string;
  readonly content: Readonly<Record<string, unknown>>;
}

export const configuration: Decider<ApplyConfiguration, ConfigurationState, ConfigurationEvent, Rejection> = {
  initialState: { digest: null },
  decide(command, state) {
    if (command.digest === state.digest)
      return reject(rejection('no_change', 'this configuration is in force already'));
    return accept({ type: 'ConfigurationApplied', data: { digest: command.digest, content: { ...command.content } } });
  },
  evolve: (_state, event) => ({ digest: event.data.digest }),
};

export const configurationDefinition = {
  category: 'configuration',
  /** There is one; its id is `modelog`. */
  subjectOf: (): string => subjects.configuration(),
  decider: configuration,
  catalogue: catalogueOf([ConfigurationApplied]),
  snapshot: {
    version: 1,
    encode: (state: ConfigurationState): unknown => state,
    decode: (stored: unknown): ConfigurationState => configurationState.parse(stored),
  },
} as const;
