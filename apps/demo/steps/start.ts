import { ApiClient } from '../api-client.js';
import { startPlatform } from '../platform.js';
import type { Step } from '../story.js';

export const start: Step = {
  title: 'Start the platform: NATS, PostgreSQL, and every app',
  async run(story) {
    const { dataFolder, environment, screen, signal } = story;
    story.platform = await startPlatform({
      ...{ dataFolder, environment, signal },
      onLine(line) {
        screen.line(`  ${line}`);
      },
    });
    story.api = new ApiClient(story.platform.url, signal);
  },
  shownAt: () => [{ path: '/docs' }],
};
