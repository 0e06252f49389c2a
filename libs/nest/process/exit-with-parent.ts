/** For a process that does not use runApp. An app without its supervisor would hold ports that nobody can take back. */

const defaultGraceMs = 10_000;

/**
 * Calls `stop` once when the process that started this one over an IPC channel is gone, then exits: with 0, or with 1
 * when the stop fails or takes longer than `graceMs`. Does nothing in a process without a channel.
 * @returns a function that stops listening for it.
 */
export function exitWithParent(stop: () => Promise<void>, graceMs = defaultGraceMs): () => void {
  if (process.send === undefined) return () => undefined;
  const onDisconnect = (): void => {
    setTimeout(() => process.exit(1), graceMs).unref();
    stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('disconnect', onDisconnect);
  return () => {
    process.removeListener('disconnect', onDisconnect);
  };
}
