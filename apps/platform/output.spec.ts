import { expect, it } from '@jest/globals';
import { createLogger } from '#libs/nest/index.js';
import { platformLogger } from './output.js';

it("the platform's lines have the form of the apps' lines", () => {
  const lines: Record<string, unknown>[] = [];
  const destination = {
    write: (line: string) => {
      lines.push(JSON.parse(line) as Record<string, unknown>);
    },
  };
  platformLogger('info', destination).warn('told');
  createLogger({ component: 'platform', instance: 'platform', level: 'info', destination }).warn('told');
  const [own, ofApps] = lines.map(({ time, ...line }) => ({
    line,
    iso: typeof time === 'string' && time.endsWith('Z'),
  }));
  expect(own).toEqual(ofApps);
  expect(own).toMatchObject({ iso: true, line: { level: 'warn', component: 'platform' } });
});
