import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiClient } from './api-client.js';
import { DemoFailed } from './demo-failed.js';
import type { RunningPlatform } from './platform.js';
import { fastScale } from './scale.js';
import { steps } from './steps/index.js';
import { given, type Step, type Story } from './story.js';
import { tellStory } from './tell-story.js';
import { openScreen } from './text/screen.js';

function storyOnPaper(): { story: Story; text: () => string } {
  let written = '';
  const story: Story = {
    ...{ scale: fastScale, environment: {}, dataFolder: '/data', failures: [], signal: new AbortController().signal },
    screen: openScreen({ isTTY: true, write: (more) => (written += more) }),
  };
  return { story, text: () => written };
}

/** Knows /docs alone. */
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    response.writeHead(request.url === '/docs' ? 200 : 404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const platformOf = (): RunningPlatform => ({
  ...{ url, ended: Promise.resolve(0) },
  ...{ stop: () => Promise.resolve(0), modelog: () => Promise.resolve('') },
});

const first: Step = {
  title: 'Begin',
  run(story) {
    story.platform = platformOf();
    story.api = new ApiClient(url, story.signal);
    story.version = '1.0.0';
    return Promise.resolve();
  },
  shownAt: () => [{ path: '/docs' }, { file: '/data/a.csv' }],
};
const second: Step = {
  title: 'Go on',
  run(story) {
    story.screen.line(`  ${given(story, 'version')}`);
    story.screen.progress(1, 2, 'half');
    return Promise.resolve();
  },
  shownAt: (story) => [{ command: `modelog status ${given(story, 'version')}` }],
};

describe('a story', () => {
  it('is told step by step, each with where it can be looked at', async () => {
    const { story, text } = storyOnPaper();
    await tellStory([first, second], story);
    // Without how long each took, and what is drawn over.
    const lines = text()
      .split('\n')
      .filter((line) => !/ m?s$/.test(line));
    expect(lines.map((line) => line.replace(/^[^]*\r\u001b\[K/, ''))).toEqual([
      ...['', '1/2 Begin', `  → ${url}/docs`, '  → /data/a.csv'],
      ...['', '2/2 Go on', '  1.0.0', '  → modelog status 1.0.0', ''],
    ]);
  });

  it('says so where an address that it shows does not answer', async () => {
    const { story, text } = storyOnPaper();
    const lost: Step = { ...second, shownAt: () => [{ path: '/docs' }, { path: '/lost' }] };
    await tellStory([first, lost], story);
    expect(text()).toContain(`→ ${url}/lost`);
    expect(story.failures).toEqual([`${url}/lost answers 404, expected 200`]);
  });

  it('ends with the step that failed, its bar taken away', async () => {
    const { story, text } = storyOnPaper();
    const failing: Step = {
      ...second,
      run(same) {
        same.screen.progress(1, 2, 'half');
        return Promise.reject(new DemoFailed('no'));
      },
    };
    await expect(tellStory([failing, first], story)).rejects.toThrow(DemoFailed);
    expect(text().endsWith('\r\u001b[K')).toBe(true);
    expect(text()).not.toContain('Begin');
  });

  it('names what a step misses that stands too early', async () => {
    await expect(tellStory([second], storyOnPaper().story)).rejects.toThrow("no step before gave 'version'");
  });

  it('begins with a platform and ends with its table', () => {
    expect(new Set(steps.map(({ title }) => title)).size).toBe(steps.length);
    expect(steps[0]!.title).toMatch(/^Start the platform/);
    expect(steps.at(-1)!.title).toBe('The end of the story');
  });
});
