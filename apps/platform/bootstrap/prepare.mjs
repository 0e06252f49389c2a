import { setTimeout as delay } from 'node:timers/promises';
import { ensureBuilt, isBuilt } from './build.mjs';
import { inCheckout } from './checkout.mjs';
import { ensureInstalled, isReadyToUse } from './install.mjs';
import { tryLock } from './lock.mjs';

/**
 * Packages installed, sources built. Two starts in one checkout at a time take turns.
 * @param {(line: string) => void} say
 */
export async function prepare(say) {
  // Nothing to write, nothing to wait for: the checkout may even belong to somebody else.
  if (isReadyToUse() && isBuilt()) return;
  const lock = await takeTurn(say);
  try {
    await ensureInstalled(say);
    await ensureBuilt(say);
  } finally {
    lock.release();
  }
}

/** @param {(line: string) => void} say */
async function takeTurn(say) {
  let told = false;
  for (;;) {
    const attempt = tryLock(inCheckout('.modelog', 'bootstrap.lock'));
    if (attempt.held) return attempt;
    if (!told) say(`Waiting for process ${attempt.by}, which installs or builds in this checkout`);
    told = true;
    await delay(100);
  }
}
