/** Whether only this machine reaches the address: what runs without authentication listens on no other. */
export const isLoopback = (host: string): boolean =>
  /^(?:localhost|127(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}|\[?::1\]?)$/i.test(host);
