import type { ApiClient } from './api-client.js';
import { DemoFailed } from './demo-failed.js';
import type { Flights } from './flights/flights.js';
import type { RunningPlatform } from './platform.js';
import type { Scale } from './scale.js';
import type { FoundFinding } from './monitoring/findings.js';
import type { WatchedWindow } from './monitoring/windows.js';
import type { Asked } from './stream/asked.js';
import type { Screen } from './text/screen.js';

/** What the steps share: each adds what it found out, and takes what those before it did. */
export interface Story {
  readonly scale: Scale;
  readonly screen: Screen;
  readonly environment: NodeJS.ProcessEnv;
  readonly dataFolder: string;
  readonly signal: AbortSignal;
  platform?: RunningPlatform;
  api?: ApiClient;
  flights?: FlightsData;
  job?: string;
  version?: string;
  asked?: Asked;
  windows?: readonly WatchedWindow[];
  findings?: readonly FoundFinding[];
  /** What of the story did not come out as it must. */
  readonly failures: string[];
}

export interface FlightsData {
  readonly all: Flights;
  /** Of `recentDelays`. */
  readonly recent: Float64Array;
  /** Rows by what they are for. */
  readonly trained: Int32Array;
  readonly asked: Int32Array;
}

/** One step of the story. Later ones may be added anywhere behind what they take. */
export interface Step {
  readonly title: string;
  run(story: Story): Promise<void>;
  /** Where it can be looked at once it is done. */
  shownAt(story: Story): readonly Shown[];
}

/** `path`: behind the platform's address. */
export type Shown = { readonly path: string } | { readonly file: string } | { readonly command: string };

/** @throws DemoFailed for what no step before has found out: the order of the steps is wrong */
export function given<Key extends keyof Story>(story: Story, key: Key): Exclude<Story[Key], undefined> {
  const value: Story[Key] | undefined = story[key];
  if (value === undefined) throw new DemoFailed(`no step before gave '${key}'`);
  return value as Exclude<Story[Key], undefined>;
}
