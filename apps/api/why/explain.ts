import { Inject } from '@nestjs/common';
import { Query, QueryHandler, type IQueryHandler } from '@nestjs/cqrs';
import { rejection, type api, type Chunk, type Rejection } from '#libs/contracts/index.js';
import { isoTime } from '#libs/kernel/index.js';
import { acceptedOrThrow, ProblemException } from '#libs/nest/index.js';
import type { ReadAt } from '#libs/projecting/index.js';
import type { DeploymentQueries, Route } from '#projections/deployments/index.js';
import type { FindingQueries } from '#projections/findings/index.js';
import type { RegistryQueries } from '#projections/registry/index.js';
import type { TrafficQueries } from '#projections/traffic/index.js';
import { tokens } from '../tokens.js';
import { PredictionLabels } from './prediction-labels.js';
import { placeOf, type PredictionPlace } from './prediction-place.js';
import { RecordedChunks, type StoredChunk } from './recorded-chunks.js';
import { isAt, recordedRow, type RecordedRow } from './recorded-row.js';

export class Explain extends Query<api.Why> {
  constructor(
    readonly predictionId: string,
    readonly at: ReadAt,
  ) {
    super();
  }
}

/** The story of one prediction: its row in TRAFFIC, what the governance log said when it was routed, what was wrong then, its labels. */
@QueryHandler(Explain)
export class ExplainHandler implements IQueryHandler<Explain> {
  constructor(
    @Inject(RecordedChunks) private readonly chunks: RecordedChunks,
    @Inject(PredictionLabels) private readonly labels: PredictionLabels,
    @Inject(tokens.predictions) private readonly predictions: TrafficQueries,
    @Inject(tokens.deployments) private readonly deployments: DeploymentQueries,
    @Inject(tokens.registry) private readonly registry: RegistryQueries,
    @Inject(tokens.findings) private readonly findings: FindingQueries,
  ) {}

  async execute({ predictionId, at }: Explain): Promise<api.Why> {
    // The story is of the routing table's moment, whenever it is told; the caller's moment only has to exist.
    acceptedOrThrow(await this.registry.listModels({ ...at, limit: 1 }));
    const place = placeOf(predictionId);
    const found = place && (await this.find(place));
    if (place === undefined || found === undefined || !isKnownAt(found, at))
      throw new ProblemException(unknown(predictionId));
    const { deployment, routing_seq, epoch } = found.chunk.schema;
    const [route, versioned, labels, findings] = await Promise.all([
      this.deployments.routeAt(deployment, routing_seq).then(acceptedOrThrow),
      this.versioned(found.chunk, place.row),
      this.labels.of({ epoch, counter: found.chunk.counter, row: place.row }, at),
      this.openFindings(found, place.row, at),
    ]);
    return whyOf({ predictionId, ...found, route, labels, findings, ...versioned });
  }

  private async find(place: PredictionPlace): Promise<StoredChunk | undefined> {
    const seq = place.by === 'sequence' ? place.seq : await this.seqOf(place);
    const found = seq === undefined ? undefined : await this.chunks.at(seq);
    return found !== undefined && isAt(place, found.chunk) ? found : undefined;
  }

  private async seqOf({ epoch, counter }: Extract<PredictionPlace, { by: 'identity' }>): Promise<number | undefined> {
    return acceptedOrThrow(await this.predictions.chunkOf(epoch, counter))?.traffic_seq;
  }

  private async openFindings({ chunk, seq, time }: StoredChunk, row: number, at: ReadAt): Promise<api.Why['findings']> {
    const { model, version } = chunk.schema.arms[chunk.arm[row]!]!;
    const moment = { deployment: chunk.schema.deployment, model, version, position: { seq, row }, time };
    return [...acceptedOrThrow(await this.findings.openWhen(moment, at))];
  }

  private async versioned(chunk: Chunk, row: number): Promise<Versioned> {
    const arm = chunk.schema.arms[chunk.arm[row]!]!;
    const found = await this.registry.getVersion(arm.model, arm.version, { as_of: { seq: chunk.schema.routing_seq } });
    if (!found.ok && found.rejection.code !== 'version_not_found' && found.rejection.code !== 'model_not_found')
      throw new ProblemException(found.rejection);
    const version = found.ok ? found.value : undefined;
    const decisions = await this.registry.decisionsOf(arm.model, arm.version, chunk.schema.routing_seq);
    return {
      version,
      decisions: acceptedOrThrow(decisions),
      row: recordedRow(chunk, row, version?.signature),
      rowNumber: row,
    };
  }
}

/** Nothing is known of a prediction before it was recorded, or before the routing table that sent it. */
function isKnownAt({ chunk, time }: StoredChunk, { as_of }: ReadAt): boolean {
  if (as_of === undefined) return true;
  return 'seq' in as_of ? chunk.schema.routing_seq <= as_of.seq : time <= as_of.at;
}

interface Versioned {
  readonly version: api.VersionView | undefined;
  readonly decisions: readonly api.DecisionView[];
  readonly row: RecordedRow;
  readonly rowNumber: number;
}

interface Story extends Versioned, StoredChunk {
  readonly predictionId: string;
  readonly labels: api.Why['labels'];
  readonly findings: api.Why['findings'];
  readonly route: Route | undefined;
}

function whyOf(story: Story): api.Why {
  const { predictionId, chunk, seq, time, route, version, decisions, labels, findings, row, rowNumber } = story;
  const { deployment, routing_seq, epoch, instance } = chunk.schema;
  const { arm, beganAt, latencyMs, outcome, request, output, failure } = row;
  return {
    prediction_id: predictionId,
    ...{ deployment, outcome },
    recorded_at: isoTime(time),
    began_at: isoTime(beganAt),
    latency_ms: latencyMs,
    ...{ request, output, failure },
    model: arm.model,
    version: arm.version,
    artifact: arm.artifact,
    identity: { epoch, counter: chunk.counter, row: rowNumber, traffic_seq: seq, instance },
    route: {
      routing_seq,
      role: arm.role,
      rollout_id: arm.rollout_id,
      reason: reasonOf(chunk, row, route),
    },
    rollout: rolloutOf(arm.rollout_id, route),
    registration: version === undefined ? null : registrationOf(version),
    decisions: [...decisions],
    labels,
    findings,
    as_of_seq: routing_seq,
  };
}

function reasonOf({ schema }: Chunk, { arm }: RecordedRow, route: Route | undefined): string {
  const share = schema.arms.length === 1 ? 'the one version that takes its traffic' : `its ${arm.role} version`;
  const since = route === undefined ? '' : `, live since event ${route.live_seq}`;
  return `${arm.model}@${arm.version} was ${share} in the routing table of event ${schema.routing_seq}${since}`;
}

const rolloutOf = (rolloutId: string, route: Route | undefined): api.Why['rollout'] =>
  route?.rollout.rollout_id === rolloutId
    ? {
        requested_seq: route.rollout.requested_seq,
        requested_at: route.rollout.requested_at,
        requested_by: route.rollout.requested_by,
        live_seq: route.live_seq,
        live_at: route.live_at,
        environment: route.environment,
      }
    : null;

const registrationOf = (version: api.VersionView): api.Why['registration'] => ({
  seq: version.seq,
  event_id: version.event_id,
  registered_at: version.created_at,
  registered_by: version.created_by,
  stage: version.stage,
  metrics: version.metrics,
  lineage: version.lineage,
});

const unknown = (id: string): Rejection =>
  rejection('prediction_not_found', `no prediction has the id '${id}'`, [
    { path: 'prediction_id', message: 'expected an id that a prediction was answered with' },
  ]);
