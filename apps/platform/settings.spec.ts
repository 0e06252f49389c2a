import { resolve } from 'node:path';
import { expect, it } from '@jest/globals';
import { exposureWarning, readSettings } from './settings.js';

it('has a default for everything, and takes an empty variable for none', () => {
  const settings = readSettings({ MODELOG_PORT: '', NATS_URL: '' });
  expect(settings).toMatchObject({
    host: '127.0.0.1',
    port: 5000,
    natsUrl: undefined,
    databaseUrl: undefined,
    logLevel: 'info',
  });
  expect(settings.dataFolder).toBe(resolve('.modelog'));
  expect(settings.servingProcesses).toBeGreaterThanOrEqual(1);
});

it('takes what is given', () => {
  expect(
    readSettings({
      MODELOG_PORT: '8080',
      MODELOG_SERVING_PROCESSES: '3',
      NATS_URL: 'nats://u:p@h:4222',
      MODELOG_DATA_DIR: '/d',
    }),
  ).toMatchObject({ port: 8080, servingProcesses: 3, natsUrl: 'nats://u:p@h:4222', dataFolder: '/d' });
});

it.each([
  ['MODELOG_PORT', '70000', 'a port: a whole number from 1 to 65535, or 0 for any free one'],
  ['MODELOG_PORT', '5e3', 'a port'],
  ['MODELOG_SERVING_PROCESSES', '0', 'a whole number from 1 to 256'],
  ['LOG_LEVEL', 'loud', 'one of trace, debug, info'],
  ['DATABASE_URL', 'mysql://h/d', 'a PostgreSQL URL'],
  ['NATS_URL', 'localhost', 'a NATS URL'],
])('%s=%s is refused with the variable, its value and what was expected', (name, value, expected) => {
  expect(() => readSettings({ [name]: value })).toThrow(`${name} is ${JSON.stringify(value)}: expected ${expected}`);
});

it('names every wrong variable at once, without its password', () => {
  expect(() => readSettings({ MODELOG_PORT: 'x', NATS_URL: 'http://user:hidden@h' })).toThrow(
    /MODELOG_PORT is "x".*\nNATS_URL is "http:\/\/user:\*\*\*@h"/,
  );
});

it('warns of an address that others reach, and of no other', () => {
  for (const host of ['127.0.0.1', '127.0.0.2', '::1', 'localhost']) expect(exposureWarning(host)).toBeUndefined();
  for (const host of ['0.0.0.0', '::', '192.168.1.2', '127.evil.example'])
    expect(exposureWarning(host)).toContain(`MODELOG_HOST is ${host}: whoever reaches this address`);
});
