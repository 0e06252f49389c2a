import { Metrics } from '#libs/nest/index.js';

export type MonitoringMetrics = ReturnType<typeof monitoringMetrics>;

/** What a monitoring process counts. */
export function monitoringMetrics(instance: string) {
  const metrics = new Metrics({ component: 'monitoring', instance });
  const output = ['deployment', 'type', 'how'] as const;
  return {
    metrics,
    findings: metrics.counter({
      name: 'modelog_monitoring_findings_total',
      help: 'Findings that were appended, compared with what the log has, or that brought the log to what its replay has open',
      labels: output,
    }),
    records: metrics.counter({
      name: 'modelog_monitoring_records_total',
      help: 'Records of windows that were appended, or compared with what the log has',
      labels: output,
    }),
    differences: metrics.counter({
      name: 'modelog_monitoring_differences_total',
      help: 'Findings and records that a replay makes otherwise than the log has them',
      labels: ['deployment'],
    }),
    unrecorded: metrics.counter({
      name: 'modelog_monitoring_unrecorded_total',
      help: 'Findings and records that the log cannot hold and that were left out',
      labels: ['deployment', 'type'],
    }),
    rows: metrics.counter({
      name: 'modelog_monitoring_rows_total',
      help: 'Rows of predictions, and labels, that were applied',
      labels: ['deployment', 'kind'],
    }),
    unreadable: metrics.counter({
      name: 'modelog_monitoring_unreadable_messages_total',
      help: 'Messages of TRAFFIC that could not be read and count for nothing',
      labels: ['deployment'],
    }),
    ended: metrics.counter({
      name: 'modelog_monitoring_watches_ended_total',
      help: 'Times that a deployment was no longer watched here, by why',
      labels: ['deployment', 'code'],
    }),
    checkpointBytes: metrics.gauge({
      name: 'modelog_monitoring_checkpoint_bytes',
      help: 'What the newest checkpoint of a deployment takes',
      labels: ['deployment'],
    }),
    checkpointSeconds: metrics.histogram({
      name: 'modelog_monitoring_checkpoint_seconds',
      help: 'Time that it takes to keep a checkpoint',
      buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
    }),
    deployments: metrics.gauge({
      name: 'modelog_monitoring_deployments',
      help: 'Deployments of this process, by whether they are watched, wait to be, or are watched by another one',
      labels: ['state'],
    }),
    unwatched: metrics.gauge({
      name: 'modelog_monitoring_unwatched',
      help: 'Deployments of this process that nobody watches, by why',
      labels: ['deployment', 'code'],
    }),
    healthy: metrics.gauge({
      name: 'modelog_monitoring_healthy',
      help: 'Whether a part of this process is in order (1) or not (0)',
      labels: ['check'],
    }),
    position: metrics.gauge({
      name: 'modelog_monitoring_position',
      help: 'Last sequence of TRAFFIC up to which every deployment that is watched was followed',
    }),
    lag: metrics.gauge({
      name: 'modelog_monitoring_lag_messages',
      help: 'Messages of TRAFFIC behind that position',
    }),
  };
}
