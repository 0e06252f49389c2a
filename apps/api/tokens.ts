/** What Nest injects: one token for each part that `openParts` makes. */
export const tokens = {
  clock: Symbol('Clock'),
  ids: Symbol('IdSource'),
  logger: Symbol('Logger'),
  metrics: Symbol('Metrics'),
  /** FleetMetrics: of all serving processes. */
  fleetMetrics: Symbol('FleetMetrics'),
  toldMetrics: Symbol('ToldMetrics'),
  /** AggregateStore: the one append path. */
  store: Symbol('AggregateStore'),
  /** EventReader of EVENTS. */
  events: Symbol('EventReader'),
  /** StreamStore of TRAFFIC. */
  traffic: Symbol('StreamStore TRAFFIC'),
  /** StreamStore of OPERATIONS. */
  operations: Symbol('StreamStore OPERATIONS'),
  artifacts: Symbol('ArtifactStore'),
  /** RegistryQueries, LineageQueries, DeploymentQueries, TrafficQueries, LabelQueries, TrainingQueries, FindingQueries, WindowQueries. */
  registry: Symbol('RegistryQueries'),
  lineage: Symbol('LineageQueries'),
  deployments: Symbol('DeploymentQueries'),
  predictions: Symbol('TrafficQueries'),
  labels: Symbol('LabelQueries'),
  training: Symbol('TrainingQueries'),
  findings: Symbol('FindingQueries'),
  windows: Symbol('WindowQueries'),
  /** OperationQueries. */
  versionOperations: Symbol('OperationQueries'),
  /** ServingControl: what is asked of the serving processes. */
  serving: Symbol('ServingControl'),
  /** AppliedConfiguration: the files in force and where the log says so. */
  configuration: Symbol('AppliedConfiguration'),
  trial: Symbol('ModelTrial'),
  profiler: Symbol('DatasetProfiler'),
  scanner: Symbol('DatasetScanner'),
  /** The folder that relative paths of data sets are below. */
  datasetsFolder: Symbol('folder of data sets'),
  /** LiveFeeds: the event streams that are open. */
  feeds: Symbol('LiveFeeds'),
} as const;
