import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { firstFrom } from '../flights/flights.js';
import { punctualityOf } from '../flights/features.js';
import { readFlights } from '../flights/read-flights.js';
import { recentDelays } from '../flights/recent-delay.js';
import { sample } from '../flights/sample.js';
import { trainingSet } from '../flights/training-set.js';
import { seed } from '../scale.js';
import { count, percent } from '../text/words.js';
import type { Step } from '../story.js';

/** Below the folder of data sets. */
export const trainingFile = 'flights-2001-01.csv';

export const prepareData: Step = {
  title: 'Make the training set: flights of January 2001, with what was known at their departure',
  async run(story) {
    const { scale, screen, dataFolder } = story;
    const all = await readFlights();
    const recent = recentDelays(all);
    const february = firstFrom(all, Date.UTC(2001, 1, 1));
    const trained = sample(0, february, scale.trainedEvery, seed);
    const asked = sample(february, firstFrom(all, Date.UTC(2001, 6, 1)), scale.askedEvery, seed);
    story.flights = { all, recent, trained, asked };

    const folder = join(dataFolder, 'datasets');
    await mkdir(folder, { recursive: true });
    const file = await open(join(folder, trainingFile), 'w');
    try {
      for (const piece of trainingSet(all, recent, trained)) await file.write(piece);
    } finally {
      await file.close();
    }
    const late = trained.filter((row) => punctualityOf(all, row) === 'late').length / trained.length;
    screen.line(
      `  ${count(all.rows)} flights read; ${count(trained.length)} of January to train on, ${percent(late)} of them late`,
    );
    screen.line(`  ${count(asked.length)} of February to June to be asked for`);
  },
  shownAt: ({ dataFolder }) => [{ file: join(dataFolder, 'datasets', trainingFile) }],
};
