import { rejection, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Clock, type Result } from '#libs/kernel/index.js';
import type { LoadState } from '../models/model-pool.js';
import { admit, refuseUnread } from '../prediction/admit.js';
import type { PredictContext } from '../prediction/context.js';
import type { Rollout, RoutingTable } from '../routing/routing-table.js';
import type { TrafficCounts } from '../traffic-counts.js';
import { Inference } from './inference.js';
import { metadataOf } from './model-metadata.js';
import { repositoryIndex } from './repository-index.js';
import { requestTraits } from './request-parameters.js';
import { emptyStatistics, statisticsOf } from './statistics.js';
import type {
  InferDone,
  InferenceService,
  InferRequest,
  ModelMetadata,
  ModelState,
  ModelStatistics,
} from './protocol.js';

export interface InferenceServiceOptions {
  readonly predict: PredictContext;
  readonly table: () => RoutingTable;
  readonly stateOf: (rolloutId: string) => LoadState | undefined;
  /** Of every version that ever answered here. */
  readonly counts: () => Iterable<TrafficCounts>;
  /** Whether this process may route and can record. */
  readonly ready: () => Promise<boolean>;
  readonly clock: Clock;
}

/** The protocol over the deployments of this process. */
export class DeploymentInference implements InferenceService {
  constructor(private readonly options: InferenceServiceOptions) {}

  serverReady(): Promise<boolean> {
    return this.options.ready();
  }

  modelReady(model: string, version: string | undefined): boolean {
    const route = this.options.predict.admission.routing.routes.get(model);
    // What was let go of for want of memory is loaded for the request that asks for it.
    if (route?.servable === undefined && route?.recall === undefined) return false;
    return this.#served(model, version).ok;
  }

  modelMetadata(model: string, version: string | undefined): Result<ModelMetadata, Rejection> {
    const found = this.#served(model, version);
    if (!found.ok) return found;
    const { rollout } = found.value;
    const state = this.options.stateOf(rollout.rolloutId);
    // A loaded model knows the shapes of its outputs, the graph alone may leave them open.
    const signature = state?.status === 'loaded' ? state.servable.model.signature : rollout.signature;
    return accept(metadataOf(model, rollout.version, signature));
  }

  statistics(model: string | undefined, version: string | undefined): Result<readonly ModelStatistics[], Rejection> {
    const all = statisticsOf(this.options.counts(), this.options.clock);
    if (model === undefined) return accept(all);
    const own = all.filter((each) => each.name === model && (version === undefined || each.version === version));
    if (own.length > 0) return accept(own);
    const found = this.#served(model, version);
    return found.ok ? accept([emptyStatistics(model, found.value.rollout.version)]) : found;
  }

  repositoryIndex(): readonly ModelState[] {
    return repositoryIndex(this.options.table(), this.options.stateOf);
  }

  infer(request: InferRequest, began: number, done: InferDone): void {
    const { predict } = this.options;
    const traits = requestTraits(request);
    if (!traits.ok) {
      this.refuse(request, began, traits.rejection, done);
      return;
    }
    const asked = { deployment: request.model, version: request.version, ...traits.value };
    const at = { beganAt: began, deadlineAt: began + traits.value.timeoutMs };
    admit(predict, new Inference(predict, asked, request, at, done));
  }

  refuse(request: Pick<InferRequest, 'model' | 'id'>, began: number, refusal: Rejection, done: InferDone): void {
    const { predict } = this.options;
    const asked = { deployment: request.model, requestId: undefined, subjectId: undefined, routingKey: undefined };
    const unread = { ...request, version: undefined, inputs: [], outputs: [], parameters: {} };
    const at = { beganAt: began, deadlineAt: Number.POSITIVE_INFINITY };
    refuseUnread(predict, new Inference(predict, asked, unread, at, done), refusal);
  }

  #served(model: string, version: string | undefined): Result<{ readonly rollout: Rollout }, Rejection> {
    const routes = this.options.table().deployments.get(model);
    if (routes === undefined) return reject(rejection('deployment_not_found', `no deployment is named '${model}'`));
    const rollout = routes.live;
    if (rollout === null) {
      const route = this.options.predict.admission.routing.routes.get(model);
      return reject(route?.refusal ?? rejection('deployment_not_live', `no version of ${model} is live`));
    }
    if (version === undefined || version === rollout.version) return accept({ rollout });
    return reject(rejection('version_not_served', `${model} serves version ${rollout.version}, not '${version}'`));
  }
}
