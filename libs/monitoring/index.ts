export type { MonitorContext, MonitorOutput, ReferenceSet, TrafficFact, WatchedVersion } from './contract.js';
export * from './log/index.js';
export type { WatchedPlace } from './conditions.js';
export { DeploymentMonitor, monitorStateVersion, type MonitorState } from './monitor.js';
export { referenceOf } from './reference.js';
export { MonitorStateUnfit } from './version-watch.js';
export * from './backtest/index.js';
export { settingsFaults, type SettingsFault } from './settings/settings-faults.js';
