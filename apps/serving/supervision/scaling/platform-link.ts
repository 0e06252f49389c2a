import { servingProcesses, type ToPlatform } from '#libs/contracts/index.js';

/** The platform that started this process, which keeps the serving processes; undefined where none did. */
export interface PlatformLink {
  /** How many serving processes there are, as it said last; undefined: it has not yet. */
  readonly processes: number | undefined;
  /** Has so many run. */
  tell(count: number): void;
  close(): void;
}

export function platformLink(): PlatformLink | undefined {
  if (process.send === undefined) return undefined;
  let processes: number | undefined;
  const onMessage = (message: unknown): void => {
    processes = servingProcesses.safeParse(message).data?.count ?? processes;
  };
  process.on('message', onMessage);
  return {
    get processes() {
      return processes;
    },
    tell(count) {
      const message: ToPlatform = { type: 'serving_processes', count };
      process.send?.(message);
    },
    close() {
      process.off('message', onMessage);
    },
  };
}
