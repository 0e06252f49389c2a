import { isLoopback } from '#libs/kernel/index.js';
import { ConfigurationInvalid } from '../configuration/load.js';

export interface BoundAddress {
  /** The variable that names the address. */
  readonly variable: string;
  readonly host: string;
  /** MODELOG_AUTH_SECRET */
  readonly secret: string | undefined;
}

/**
 * For an app that binds its own address.
 * @throws ConfigurationInvalid when others reach the address and nobody is asked who they are
 */
export function requireLoopback({ variable, host, secret }: BoundAddress): void {
  if (secret !== undefined || isLoopback(host)) return;
  const expected = 'a loopback address, for MODELOG_AUTH_SECRET is not set and there is no authentication';
  throw new ConfigurationInvalid([{ source: 'environment', path: variable, value: JSON.stringify(host), expected }]);
}
