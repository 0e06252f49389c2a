import { rejection, type Rejection } from '#libs/contracts/index.js';
import { accept, messageOf, reject, type Result } from '#libs/kernel/index.js';
import type { AskFleetMetrics } from '#libs/nest/index.js';
import type { LoadState } from '../models/model-pool.js';
import { admit, refuseUnread } from '../prediction/admit.js';
import { unknownDeployment, versionNotServed, type PredictContext } from '../prediction/context.js';
import type { Rollout, RoutingTable } from '../routing/routing-table.js';
import { Inference } from './inference.js';
import { metadataOf } from './model-metadata.js';
import { repositoryIndex } from './repository-index.js';
import { recordableTraits, requestTraits } from './request-parameters.js';
import { emptyStatistics, statisticsFamilies, statisticsOf } from './statistics.js';
import type {
  InferDone,
  InferenceService,
  InferRequest,
  ModelMetadata,
  ModelState,
  ModelStatistics,
  UnreadRequest,
} from './protocol.js';

export interface InferenceServiceOptions {
  readonly predict: PredictContext;
  readonly table: () => RoutingTable;
  readonly stateOf: (rolloutId: string) => LoadState | undefined;
  /** What all serving processes count. */
  readonly fleetMetrics: AskFleetMetrics;
  /** Whether this process may route and can record. */
  readonly ready: () => Promise<boolean>;
}

/** Beyond what the api itself waits for: a question to all processes that is under way, and its own. */
const statisticsWithinMs = 2_500;

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

  async statistics(
    model: string | undefined,
    version: string | undefined,
  ): Promise<Result<readonly ModelStatistics[], Rejection>> {
    let all: readonly ModelStatistics[];
    try {
      all = statisticsOf(await this.options.fleetMetrics(statisticsFamilies, statisticsWithinMs));
    } catch (error) {
      return reject(rejection('unavailable', `the api does not tell what all processes count: ${messageOf(error)}`));
    }
    if (model === undefined) return accept(all);
    const asked = all.filter((each) => each.name === model && (version === undefined || each.version === version));
    if (asked.length > 0) return accept(asked);
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

  refuse({ model, version, id, parameters }: UnreadRequest, began: number, refusal: Rejection, done: InferDone): void {
    const { predict } = this.options;
    const unroutable = this.#unroutable(model, version);
    if (unroutable !== null) {
      done(reject(unroutable));
      return;
    }
    const traits = recordableTraits({ id, parameters });
    const asked = { deployment: model, version, ...traits };
    const unread = { model, version, id: traits.requestId, inputs: [], outputs: [], parameters: {} };
    const at = { beganAt: began, deadlineAt: Number.POSITIVE_INFINITY };
    refuseUnread(predict, new Inference(predict, asked, unread, at, done), refusal);
  }

  /** Why it would not be routed if it could be read, counted as that is. */
  #unroutable(model: string, version: string | undefined): Rejection | null {
    const { predict } = this.options;
    const route = predict.admission.routing.routes.get(model);
    if (route === undefined) return unknownDeployment(predict, model);
    const served = route.servable?.rollout.version;
    if (served === undefined || version === undefined || version === served) return null;
    predict.admission.count('version_not_served');
    return versionNotServed(model, served, version);
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
    return reject(versionNotServed(model, rollout.version, version));
  }
}
