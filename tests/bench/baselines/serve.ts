import type { AddressInfo, Server } from 'node:net';

/** Listens on a free loopback port, says `ready <port>` on standard output, and ends when the parent's pipe closes. */
export function serveUntilOrphaned(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    process.stdout.write(`ready ${(server.address() as AddressInfo).port}\n`);
  });
  process.stdin.resume().once('close', () => process.exit(0));
}
