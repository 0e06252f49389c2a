import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { monitoringConfig, monitoringOf } from '#libs/contracts/index.js';
import { fastScale, fullScale } from './scale.js';

describe('the windows of the demo', () => {
  it.each([fastScale, fullScale])('are those of its configuration: $deployment', ({ deployment, windowRows }) => {
    const file = join(import.meta.dirname, '../../config/examples/demo/monitoring_config.yaml');
    const config = monitoringConfig.parse(parse(readFileSync(file, 'utf8')));
    const settings = monitoringOf(config, deployment);
    expect(settings.drift_detection.window_size).toBe(windowRows);
    expect(settings.concept_drift.clear_after_labels).toBe(windowRows);
  });
});
