import { describe, expect, it } from '@jest/globals';
import { createLogger, NestLogger, type LogLevel } from './index.js';

function capture(level: LogLevel = 'info') {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) };
  return { logger: createLogger({ component: 'api', instance: 'api-0', level, destination }), lines };
}

describe('createLogger', () => {
  it('writes one JSON object a line with level, time, component and instance', () => {
    const { logger, lines } = capture();
    logger.debug('below the level');
    logger.warn({ seq: 7 }, 'text');
    expect(lines).toEqual([
      { level: 'warn', time: expect.any(String), component: 'api', instance: 'api-0', seq: 7, msg: 'text' },
    ]);
    expect(Date.parse(lines[0]!['time'] as string)).toBeGreaterThan(0);
  });

  it('hides passwords and authorization, in fields, errors and URLs', () => {
    const { logger, lines } = capture();
    const secret = 'hunter2';
    logger.info({ password: secret, req: { headers: { authorization: secret, cookie: secret } } }, 'fields');
    logger.error({ err: new Error(`no route to postgres://me:${secret}@db/x`) }, 'error');
    logger.error(`nats://me:${secret}@host:4222 is away`);
    expect(lines).toHaveLength(3);
    expect(JSON.stringify(lines)).not.toContain(secret);
    expect(JSON.stringify(lines[1])).toContain('postgres://***@db/x');
  });
});

describe('NestLogger', () => {
  it('keeps level, context, stack and error', () => {
    const { logger, lines } = capture('trace');
    const nest = new NestLogger(logger);
    nest.log('mapped', 'Router');
    nest.error('failed', 'stack of it', 'Handler');
    nest.error(new RangeError('thrown'), undefined, 'Handler');
    nest.warn({ code: 1 }, 'Other');
    expect(lines).toMatchObject([
      { level: 'debug', msg: 'mapped', context: 'Router' },
      { level: 'error', msg: 'failed', stack: 'stack of it', context: 'Handler' },
      { level: 'error', msg: 'thrown', err: { type: 'RangeError' }, context: 'Handler' },
      { level: 'warn', detail: { code: 1 }, context: 'Other' },
    ]);
  });
});
