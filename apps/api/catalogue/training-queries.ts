/** Parameters of the calls about training and data sets. */
import { z } from 'zod';
import { api, jobId, modelName, modelVersion } from '#libs/contracts/index.js';
import { searchQuery } from './route-parts.js';

export const jobParams = z.object({ job_id: jobId });

export const jobsQuery = searchQuery.extend({
  status: api.jobStatus.optional().meta({ description: 'Jobs of this status alone' }),
  model: modelName.optional().meta({ description: 'Jobs that train this model alone' }),
});

export const jobLogQuery = z.strictObject({
  limit: api.wholeNumber(1, 1_000).default(200),
  cursor: z.string().min(1).max(1024).optional(),
});

export const datasetParams = z.object({ dataset: modelName });
export const datasetVersionParams = z.object({ dataset: modelName, v: modelVersion });
