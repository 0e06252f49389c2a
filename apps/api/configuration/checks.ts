import { settingsFaults } from '#libs/monitoring/index.js';
import type { ConfigurationCheck } from '#libs/nest/index.js';

/** What is refused here is never recorded: the api is who records the configuration. */
export const configurationChecks: readonly ConfigurationCheck[] = [
  { file: 'monitoring', faults: ({ monitoring }) => settingsFaults(monitoring) },
];
