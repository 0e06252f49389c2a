import { resolve } from 'node:path';
import { expect, it } from '@jest/globals';
import { openNotice, readSettings } from './settings.js';

it('has a default for everything, and takes an empty variable for none', () => {
  const settings = readSettings({ MODELOG_PORT: '', NATS_URL: '' });
  expect(settings).toMatchObject({
    host: '127.0.0.1',
    port: 5000,
    grpcPort: 5001,
    natsUrl: undefined,
    databaseUrl: undefined,
    datasetsFolder: undefined,
    trainingWorkers: 1,
    monitoringProcesses: 1,
    unresponsiveMs: 15_000,
    logLevel: 'info',
  });
  expect(settings.dataFolder).toBe(resolve('.modelog'));
  expect(settings.servingProcesses).toBeGreaterThanOrEqual(1);
});

it('takes what is given', () => {
  expect(
    readSettings({
      MODELOG_PORT: '8080',
      MODELOG_GRPC_PORT: '9000',
      MODELOG_SERVING_PROCESSES: '3',
      NATS_URL: 'nats://u:p@h:4222',
      MODELOG_DATA_DIR: '/d',
      MODELOG_TRAINING_WORKERS: '0',
      MODELOG_MONITORING_PROCESSES: '3',
      MODELOG_DATASETS_DIR: 'sets',
      MODELOG_UNRESPONSIVE_S: '3',
    }),
  ).toMatchObject({
    ...{ port: 8080, grpcPort: 9000, servingProcesses: 3, natsUrl: 'nats://u:p@h:4222', dataFolder: '/d' },
    ...{ trainingWorkers: 0, monitoringProcesses: 3, datasetsFolder: resolve('sets'), unresponsiveMs: 3_000 },
  });
  expect(readSettings({ MODELOG_UNRESPONSIVE_S: '0' }).unresponsiveMs).toBe(0);
});

it.each([
  ['5000', '5001'],
  ['0', '0'],
  ['65535', '0'],
])('beside the port %s gRPC has %s, unless it is given', (port, expected) => {
  expect(readSettings({ MODELOG_PORT: port }).grpcPort).toBe(Number(expected));
  expect(readSettings({ MODELOG_PORT: port, MODELOG_GRPC_PORT: '7000' }).grpcPort).toBe(7000);
});

it.each([
  ['MODELOG_GRPC_PORT', '-1', 'a port: a whole number from 1 to 65535, or 0 for any free one'],
  ['MODELOG_GRPC_PORT', '5000', 'another port than MODELOG_PORT'],
  ['MODELOG_PORT', '70000', 'a port: a whole number from 1 to 65535, or 0 for any free one'],
  ['MODELOG_PORT', '5e3', 'a port'],
  ['MODELOG_SERVING_PROCESSES', '0', 'a whole number from 1 to 256'],
  ['MODELOG_UNRESPONSIVE_S', '2', 'a whole number of seconds from 3 to 86400, or 0 for never'],
  ['MODELOG_UNRESPONSIVE_S', '1e3', 'a whole number of seconds from 3'],
  ['MODELOG_TRAINING_WORKERS', '65', 'a whole number from 0 to 64'],
  ['MODELOG_MONITORING_PROCESSES', 'all', 'a whole number from 0 to 64'],
  ['MODELOG_DATASETS_DIR', ' ', 'something other than spaces'],
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

const secret = 'a secret of thirty-two characters or more';

it.each(['0.0.0.0', '::', '192.168.1.2', '127.evil.example', '127.0.0.256', 'localhost.example'])(
  'refuses to listen on %s without a secret, and takes it with one',
  (host) => {
    expect(() => readSettings({ MODELOG_HOST: host })).toThrow(
      `MODELOG_HOST is "${host}": expected 127.0.0.1, ::1 or localhost as long as MODELOG_AUTH_SECRET is not set`,
    );
    expect(() => readSettings({ MODELOG_HOST: host, MODELOG_AUTH_SECRET: '' })).toThrow(
      'MODELOG_AUTH_SECRET is not set',
    );
    expect(readSettings({ MODELOG_HOST: host, MODELOG_AUTH_SECRET: secret })).toMatchObject({
      ...{ host, authSecret: secret },
    });
  },
);

it('needs no secret on loopback, and says what that means', () => {
  for (const host of ['127.0.0.1', '127.0.0.2', '::1', 'localhost']) {
    const settings = readSettings({ MODELOG_HOST: host });
    expect(settings).toMatchObject({ host, authSecret: undefined });
    expect(openNotice(settings)).toMatch(/^No authentication: .* actor local\. MODELOG_AUTH_SECRET/);
  }
  expect(openNotice({ authSecret: secret })).toBeUndefined();
});

it('refuses a short secret without showing it', () => {
  const short = 'tooshort-tooshort';
  const refused = (): unknown => readSettings({ MODELOG_AUTH_SECRET: short });
  expect(refused).toThrow('MODELOG_AUTH_SECRET is 17 characters long: expected at least 32 characters');
  expect(refused).not.toThrow(short);
});
