import { DemoFailed } from './demo-failed.js';

export interface DemoOptions {
  /** A sample of the flights instead of as many as fit into five minutes. */
  readonly fast: boolean;
  /** Ends when the story is told, instead of leaving the platform running until Ctrl-C. */
  readonly exit: boolean;
  readonly help: boolean;
}

export const usage = `The main job on real data: a model of late flights is trained on January 2001, and serves and is watched from February to June.

usage: npm run demo [-- --fast] [-- --exit]

  --fast   a sample of the flights: under 90 seconds instead of two to five minutes
  --exit   ends when the story is told; without it the platform stays up until Ctrl-C, unless nobody is at a terminal

It brings its own servers and starts in a new data folder, or in MODELOG_DATA_DIR. MODELOG_PORT (5000) says where.
`;

/**
 * @param atTerminal whether standard input is one: who cannot press Ctrl-C does not wait for it
 * @throws DemoFailed for an argument that is none
 */
export function readOptions(argv: readonly string[], atTerminal: boolean): DemoOptions {
  const unknown = argv.find((argument) => !['--fast', '--exit', '--help'].includes(argument));
  if (unknown !== undefined) throw new DemoFailed(`unknown argument ${unknown}\n\n${usage}`);
  return {
    fast: argv.includes('--fast'),
    exit: argv.includes('--exit') || !atTerminal,
    help: argv.includes('--help'),
  };
}
