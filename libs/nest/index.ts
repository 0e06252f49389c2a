export {
  ConfigurationInvalid,
  loadConfiguration,
  requireConfiguration,
  type Configuration,
  type ConfigurationCheck,
  type LoadConfigurationOptions,
} from './configuration/load.js';
export { describeProblems, type ConfigurationProblem } from './configuration/problem.js';
export { createLogger, NestLogger, type Logger, type LoggerOptions, type LogLevel } from './logging.js';
export { connectNats, NatsConnectFailed, type ConnectNatsOptions, type NatsConnection } from './nats-connection.js';
export { createHttpApp, type RootModule } from './http/create-http-app.js';
export { jsonFault } from './http/json-fault.js';
export { ProblemException } from './http/problem-exception.js';
export { ProblemFilter } from './http/problem-filter.js';
export { sendProblem } from './http/send-problem.js';
export { problemServerOptions, type ProblemServerOptions } from './http/server-options.js';
export { useProblems } from './http/use-problems.js';
export { answerFailure, type ProblemOptions } from './http/answer-failure.js';
export { failureOf, type FailedRequest, type Failure } from './http/failure.js';
export { parseOrThrow, ZodPipe } from './http/zod-pipe.js';
export { HealthRegistry, type ComponentHealth, type HealthCheck, type HealthReport } from './health/registry.js';
export { HealthModule } from './health/module.js';
export { healthRoutes } from './health/answers.js';
export { Metrics, type MetricNames } from './metrics.js';
export { listen, type Listening, type ListenOptions } from './process/listen.js';
export { packageVersion } from './process/package-version.js';
export { exitWithParent } from './process/exit-with-parent.js';
export { runApp, type RunAppOptions, type RunningApp } from './process/run-app.js';
export { commandMeta, type CommandMetaInput } from './command-meta.js';
export { acceptedOrThrow, executeCommand, type CommandToExecute } from './execute-command.js';
export { FleetMetrics, type FleetMetricsOptions } from './fleet-metrics.js';
export { ToldMetrics, type ToldMetricsOptions } from './told-metrics.js';
export {
  answerFleetMetrics,
  fleetMetricsOver,
  type AnswerFleetMetricsOptions,
  type AskFleetMetrics,
} from './fleet-control.js';
export {
  expositionOf,
  mergeFamilies,
  packedFamilies,
  packFamilies,
  type Aggregator,
  type MetricFamily,
} from './metric-families.js';
export { ServingFleet, type FleetAnswer, type ServingFleetOptions } from './serving-fleet.js';
export {
  confirmOver,
  confirmRouting,
  prepareOver,
  routingExpiresMs,
  type ConfirmMember,
  type ConfirmOutcome,
  reportOver,
  servingControl,
  type ConfirmRoutingOptions,
  type PrepareMember,
  type PrepareOutcome,
  type ReportOfMember,
  type RoutingConfirmed,
  type ServingControl,
} from './serving-control.js';
export { ServingMembers, type ServingMembersOptions } from './serving-members.js';
export {
  authenticatorOf,
  challengeOf,
  permitted,
  type Authenticator,
  type AuthenticatorOptions,
} from './auth/authenticator.js';
export { requireLoopback } from './auth/require-loopback.js';
export { requirePermissions, sessionOf, type Access } from './auth/permission-hook.js';
export { signToken, type TokenRequest } from './auth/sign-token.js';
export { TokenVerifier, type Session, type TokenVerifierOptions, type Verdict } from './auth/token-verifier.js';
