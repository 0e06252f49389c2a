import { endRun } from './end-run.mjs';

export default function globalTeardown() {
  const folder = process.env.MODELOG_TEST_RUN;
  if (folder !== undefined) endRun(folder);
}
