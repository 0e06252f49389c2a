export { canonicalJson, type JsonValue } from './canonical-json.js';
export { isoTime, laterBy, systemClock, type Clock } from './clock.js';
export type { DecidedBy, Decider, Origin } from './decider.js';
export { sha256Hex } from './digest.js';
export { messageOf, ModelogError } from './errors.js';
export { entityIdOf, eventIdOf, idSource, nameOf, namespaces, randomIds, uuidv5, type IdSource } from './ids.js';
export { isLoopback } from './loopback.js';
export type { CommandOutcome, Process, ProcessMessage, Reaction } from './process.js';
export { accept, assertNever, reject, type Result } from './result.js';
