import { punctualityOf } from '../flights/features.js';
import { completeWindows, type WatchedWindow } from '../monitoring/windows.js';
import { readWindows } from '../monitoring/read-windows.js';
import { windowHead, windowLine } from '../monitoring/window-line.js';
import { streamFlights } from '../stream/stream-flights.js';
import type { Asked } from '../stream/asked.js';
import { count, day } from '../text/words.js';
import { given, type Step, type Story } from '../story.js';

export const stream: Step = {
  title: 'Stream February to June in time order, each flight told late or not when it has landed',
  async run(story) {
    const [api, data, { scale, screen }] = [given(story, 'api'), given(story, 'flights'), story];
    const told: WatchedWindow[] = [];
    const tell = async (asked: Asked): Promise<void> => {
      const windows = await windowsOf(story, asked);
      for (const window of windows.slice(told.length)) {
        screen.line(`  ${windowLine(window)}`);
        told.push(window);
      }
    };
    screen.line(
      `  Each line is a window of ${count(scale.windowRows)} flights. Accuracy as labels measure it, and as it is estimated without them, with 95 % intervals. Every column, the predictions and the labels are compared with January.`,
    );
    screen.line(`  ${windowHead}`);
    const asked = await streamFlights({
      ...{ api, data, scale, onWindow: tell },
      onProgress(done, total, at) {
        screen.progress(done, total, `requests and labels, ${day(at)}`);
      },
    });
    story.asked = asked;
    const expected = Math.floor(asked.ids.length / scale.windowRows);
    await api.until(`the monitor to be done with ${expected} windows`, async () => {
      await tell(asked);
      return told.length >= expected ? true : undefined;
    });
    screen.settle();
    const withdrawn = told.filter((window) => window.withdrawn).length;
    if (withdrawn > 0)
      screen.line(
        `  Estimates were withdrawn in ${withdrawn} of ${told.length} windows: labels that had come contradicted them, so no alarm rests on them there.`,
      );
    story.windows = told;
  },
  shownAt: ({ scale: { deployment } }) =>
    ['metrics', 'drift', 'quality'].map((what) => ({ path: `/api/monitoring/${what}?deployment=${deployment}` })),
};

async function windowsOf(story: Story, asked: Asked): Promise<WatchedWindow[]> {
  const { all, asked: rows } = given(story, 'flights');
  const answers = await readWindows(given(story, 'api'), story.scale.deployment, given(story, 'version'));
  return completeWindows(answers, {
    ...{ flights: all, rows, asked },
    isLate: (row) => punctualityOf(all, row) === 'late',
  });
}
