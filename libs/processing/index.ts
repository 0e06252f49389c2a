export { processDefinition } from './process-definition.js';
export type { AnyCommand, ProcessDefinition, ProcessSchemas, ProcessState, Reader } from './process-definition.js';
export { stepIdOf, type NoStep, type TakeStep } from './step.js';
export {
  hostProcess,
  type ExecutionMeta,
  type Executors,
  type HostedProcess,
  type StepOutcome,
} from './hosted-process.js';
export { ProcessRunner, type ProcessRunnerOptions } from './process-runner.js';
export type { RunnerNotice, RunnerStatus } from './notices.js';
export type { CommandFailure } from './command-desk.js';
export type { Trouble } from './troubles.js';
export { systemAlarm, type Alarm } from './alarm.js';
