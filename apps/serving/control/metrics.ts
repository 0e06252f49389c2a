import { packFamilies, type Metrics } from '#libs/nest/index.js';

/** What this process counts, for whoever adds up all of them. */
export const metrics = (own: Metrics) => async () => packFamilies(await own.families());
