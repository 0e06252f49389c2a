/** What one way of getting nats-server came to. */
export type Attempt = Found | NotFound;

export interface Found {
  readonly found: true;
  /** Absolute path of the program. */
  readonly path: string;
  readonly version: string;
  /** For the start-up line: where it came from. */
  readonly from: string;
}

export interface NotFound {
  readonly found: false;
  readonly why: string;
}

export const notFound = (why: string): NotFound => ({ found: false, why });
