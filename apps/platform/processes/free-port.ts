import { createServer } from 'node:net';
import { ModelogError } from '#libs/kernel/index.js';

/** A port on loopback that nothing uses now. Another program may take it before its user does: be ready to ask again. */
export function freePort(): Promise<number> {
  return listenOnce(0);
}

/** Whether `port` on loopback can be taken now. */
export const isFree = (port: number): Promise<boolean> =>
  listenOnce(port).then(
    () => true,
    () => false,
  );

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new ModelogError('no_port', 'the system gave no port'));
      });
    });
  });
}
