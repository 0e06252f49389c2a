import { z } from 'zod';
import { sha256Digest } from '../names.js';
import { defineEvent, type EventOf } from './define.js';

/** The validated configuration files, whole: decisions cite the sequence of this event. */
export const ConfigurationApplied = defineEvent(
  'ConfigurationApplied',
  z.object({ digest: sha256Digest, content: z.record(z.string(), z.unknown()) }),
);

export type ConfigurationEvent = EventOf<typeof ConfigurationApplied>;
export const configurationEvents = [ConfigurationApplied] as const;
