import { takeOver, type ToPlatform } from '#libs/contracts/index.js';

/**
 * In a process that was started ahead of need (MODELOG_STANDBY): says that its code is loaded, and waits to be told which
 * process to be. Ends with its parent. Returns at once in any other process.
 */
export async function standBy(): Promise<void> {
  if (process.env['MODELOG_STANDBY'] !== '1') return;
  const environment = await new Promise<Readonly<Record<string, string>>>((resolve) => {
    const onGone = (): never => process.exit(0);
    const onMessage = (message: unknown): void => {
      const told = takeOver.safeParse(message);
      if (!told.success) return;
      process.off('message', onMessage);
      process.off('disconnect', onGone);
      resolve(told.data.environment);
    };
    process.on('disconnect', onGone);
    process.on('message', onMessage);
    const loaded: ToPlatform = { type: 'standby' };
    process.send?.(loaded);
  });
  delete process.env['MODELOG_STANDBY'];
  Object.assign(process.env, environment);
}
