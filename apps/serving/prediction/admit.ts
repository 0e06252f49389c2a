import { rejection, type Rejection } from '#libs/contracts/index.js';
import type { Route } from '../routing/active-routing.js';
import { deadlineExceeded, unknownDeployment, type PredictContext } from './context.js';
import type { Prediction } from './prediction.js';

/**
 * Routes a request by the table in force and gives its rows to the version that takes them; or refuses it at once:
 * nothing is recorded then but a refusal of its rows. Where the version was let go of for want of memory it waits until
 * that is loaded again.
 */
export function admit(context: PredictContext, prediction: Prediction): void {
  admitAt(context, prediction, prediction.beganAt);
}

function admitAt(context: PredictContext, prediction: Prediction, now: number): void {
  const { admission } = context;
  const { routes, sequence } = admission.routing;
  const full = admission.refusal(now, prediction.rows);
  if (full !== null) {
    prediction.refused(full);
    return;
  }
  const route = routes.get(prediction.deployment);
  if (route === undefined) {
    prediction.refused(unknownDeployment(context, prediction.deployment));
    return;
  }
  if (route.servable === undefined) {
    if (route.recall === undefined) prediction.refused(admission.unserved(route));
    else awaitVersion(context, prediction, route, route.recall);
    return;
  }
  const { version } = route.servable.rollout;
  if (prediction.version !== undefined && prediction.version !== version) {
    admission.count('version_not_served');
    const detail = `${prediction.deployment} serves version ${version}, not '${prediction.version}'`;
    prediction.refused(rejection('version_not_served', detail));
    return;
  }
  prediction.routed(route.servable, sequence);
}

/** Admits the request anew when its version is loaded. It waits no longer than a row may, nor than its caller does. */
function awaitVersion(
  context: PredictContext,
  prediction: Prediction,
  route: Route & { readonly refusal: Rejection },
  recall: () => Promise<unknown>,
): void {
  const { admission, deadlines } = context;
  let waits = true;
  const leave = (): boolean => {
    const waited = waits;
    waits = false;
    if (waited) admission.unpark(prediction.rows);
    return waited;
  };
  const waiting = {
    deadlineAt: Math.min(prediction.deadlineAt, prediction.beganAt + admission.queueDeadlineMs),
    expired: () => {
      if (!leave()) return;
      if (prediction.deadlineAt > admission.now()) prediction.refused(admission.unserved(route));
      else {
        admission.count('deadline_exceeded');
        prediction.refused(deadlineExceeded(prediction.givenMs));
      }
    },
  };
  admission.park(prediction.rows);
  const slot = deadlines.add(waiting);
  void recall().then(() => {
    if (!leave()) return;
    deadlines.remove(waiting, slot);
    admitAt(context, prediction, admission.now());
  });
}

/**
 * Refuses a request that cannot be read as one. It is recorded as a refused row if it names a deployment that serves,
 * and counted otherwise.
 */
export function refuseUnread(context: PredictContext, prediction: Prediction, refusal: Rejection): void {
  const { admission } = context;
  const { routes, sequence } = admission.routing;
  const servable = routes.get(prediction.deployment)?.servable;
  if (
    servable === undefined ||
    refusal.code === 'malformed_body' ||
    admission.refusal(prediction.beganAt, 1) !== null
  ) {
    admission.count('malformed');
    prediction.refused(refusal);
  } else prediction.refuse(servable, sequence, refusal);
}
