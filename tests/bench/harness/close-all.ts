/** What is open so far, closed together, the last first: also where opening the next one fails. */
export function closeAll(): { add<T extends { stop(): Promise<void> }>(opened: T): T; close(): Promise<void> } {
  const all: { stop(): Promise<void> }[] = [];
  return {
    add(opened) {
      all.push(opened);
      return opened;
    },
    async close() {
      for (const each of all.splice(0).reverse()) await each.stop();
    },
  };
}
