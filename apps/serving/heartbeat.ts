import type { ToPlatform } from '#libs/contracts/index.js';

const everyMs = 1_000;
const heartbeat: ToPlatform = { type: 'heartbeat' };

/** Tells the platform, where there is one, every second that the event loop turns. Returns what ends that. */
export function sendHeartbeats(): () => void {
  const timer = setInterval(() => {
    // Its end is found out by whoever runs this process (runApp), not here.
    if (process.connected) process.send?.(heartbeat, () => undefined);
  }, everyMs);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}
