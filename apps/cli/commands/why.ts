import { api } from '#libs/contracts/index.js';
import type { ApiClient } from '../http/api-client.js';
import type { Io } from '../io.js';
import { story } from '../text/story.js';

/** Tells the story of one prediction. */
export async function why(client: ApiClient, io: Io, predictionId: string, options: { json: boolean }): Promise<void> {
  const told = await client.get(`/api/why/${encodeURIComponent(predictionId)}`, api.why);
  if (options.json) io.out(JSON.stringify(told));
  else for (const line of story(told)) io.out(line);
}
