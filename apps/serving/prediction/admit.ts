import type { Rejection } from '#libs/contracts/index.js';
import { deadlineExceeded, unknownDeployment, versionNotServed, type PredictContext } from './context.js';
import type { Prediction } from './prediction.js';

/**
 * Routes a request by the table in force and gives its rows to the version that takes them; or refuses it at once:
 * nothing is recorded then but a refusal of its rows. Where the routing lease has just run out, or the version was let go
 * of for want of memory, it waits until that is back.
 */
export function admit(context: PredictContext, prediction: Prediction): void {
  const { admission } = context;
  const now = admission.now();
  const full = admission.overload(now, prediction.rows);
  if (full !== null) prediction.refused(full);
  else if (admission.mayRoute(now)) route(context, prediction, now);
  else if (now >= admission.patientUntil) prediction.refused(admission.stale());
  else {
    const until = { renewed: admission.renewal(), at: admission.patientUntil, refusal: () => admission.stale() };
    admitLater(context, prediction, until);
  }
}

function route(context: PredictContext, prediction: Prediction, now: number): void {
  const { admission } = context;
  const { routes, sequence } = admission.routing;
  const found = routes.get(prediction.deployment);
  if (found === undefined) {
    prediction.refused(unknownDeployment(context, prediction.deployment));
    return;
  }
  if (found.servable === undefined) {
    if (found.recall === undefined) prediction.refused(admission.unserved(found));
    else {
      const at = prediction.beganAt + admission.queueDeadlineMs;
      admitLater(context, prediction, { renewed: found.recall(), at, refusal: () => admission.unserved(found) });
    }
    return;
  }
  const { version } = found.servable.rollout;
  if (prediction.version !== undefined && prediction.version !== version) {
    admission.count('version_not_served');
    prediction.refused(versionNotServed(prediction.deployment, version, prediction.version));
    return;
  }
  prediction.routed(found.servable, sequence, now);
}

/** What a request waits for, until when at most, and what it is refused with then. */
interface Awaited {
  readonly renewed: Promise<unknown>;
  /** Monotonic milliseconds. */
  readonly at: number;
  readonly refusal: () => Rejection;
}

/** Admits the request anew when what it waits for has come. It waits no longer than its caller does. */
function admitLater(context: PredictContext, prediction: Prediction, { renewed, at, refusal }: Awaited): void {
  const { admission, deadlines } = context;
  let waits = true;
  const leave = (): boolean => {
    const waited = waits;
    waits = false;
    if (waited) admission.unpark(prediction.rows);
    return waited;
  };
  const waiting = {
    deadlineAt: Math.min(prediction.deadlineAt, at),
    expired: () => {
      if (!leave()) return;
      if (prediction.deadlineAt > admission.now()) prediction.refused(refusal());
      else {
        admission.count('deadline_exceeded');
        prediction.refused(deadlineExceeded(prediction.givenMs));
      }
    },
  };
  admission.park(prediction.rows);
  const slot = deadlines.add(waiting);
  void renewed.then(() => {
    if (!leave()) return;
    deadlines.remove(waiting, slot);
    admit(context, prediction);
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
  if (servable === undefined || refusal.code === 'malformed_body') {
    admission.count('malformed');
    prediction.refused(refusal);
    return;
  }
  // What keeps it out of the log counts it.
  const now = admission.now();
  const kept = admission.mayRoute(now) ? admission.overload(now, 1) : admission.stale();
  if (kept === null) prediction.refuse(servable, sequence, refusal, now);
  else prediction.refused(refusal);
}
