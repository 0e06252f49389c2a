import { describe, expect, it } from '@jest/globals';
import { Overloaded } from '#libs/event-log/index.js';
import { RecordingHealth } from './recording-health.js';

function world() {
  const time = { ms: 1_000 };
  const health = new RecordingHealth({ now: () => time.ms, monotonic: () => time.ms });
  const publish = (subject: string, error?: Error): void => {
    health.published({ version: { subject }, error });
  };
  return { time, health, publish };
}

describe('the health of recording', () => {
  it('is what came of the latest publish, and names the failure', () => {
    const { health, publish } = world();
    const check = (): void => {
      health.check();
    };
    expect(check).not.toThrow();
    publish('pred.a', new Error('no space left'));
    expect(check).toThrow('predictions cannot be recorded (log_unavailable, 1970-01-01T00:00:01.000Z): no space left');
    publish('pred.b');
    expect(check).not.toThrow();
  });

  it('forgets a failure after a minute without traffic', () => {
    const { time, health, publish } = world();
    publish('pred.a', new Error('gone'));
    time.ms += 59_999;
    expect(() => {
      health.check();
    }).toThrow('gone');
    time.ms += 1;
    expect(() => {
      health.check();
    }).not.toThrow();
  });

  it('keeps the last error of each deployment until that one records again', () => {
    const { health, publish } = world();
    publish('pred.a', new Error('gone'));
    publish('pred.b', new Overloaded(3, 99, 'the limit is 2'));
    publish('pred.a');
    expect(health.lastErrorOf('pred.a')).toBeNull();
    expect(health.lastErrorOf('pred.b')).toEqual({
      at: '1970-01-01T00:00:01.000Z',
      code: 'overloaded',
      detail: '3 messages (99 bytes) in flight: the limit is 2',
    });
  });
});
