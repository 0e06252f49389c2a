import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import { decodeLabels, type api, type CommandMeta } from '#libs/contracts/index.js';
import type { EventReader, StreamStore } from '#libs/event-log/index.js';
import { canonicalJson, nameOf, namespaces, sha256Hex, uuidv5, type Clock } from '#libs/kernel/index.js';
import { acceptedOrThrow, ProblemException } from '#libs/nest/index.js';
import type { LabelQueries } from '#projections/traffic/index.js';
import { Commands } from '../commands.js';
import type { Caller } from '../http/caller.js';
import { tokens } from '../tokens.js';
import { appendLabels, usedKey } from './append-labels.js';
import { checkObservations, refusalOf, type Observed, type PathOf } from './check-observations.js';
import { labelMessages, sizeFaults } from './label-messages.js';
import { Predictions } from './resolve-predictions.js';

export type FeedbackAccepted = z.infer<typeof api.feedbackAccepted>;

export class RecordFeedback extends Command<FeedbackAccepted> {
  constructor(
    readonly body: api.Feedback,
    readonly caller: Caller,
  ) {
    super();
  }
}

const call = 'POST /api/feedback';
/** What the call changes is one thing: the labels. */
const target = 'labels';
/** For as long its messages are tried, together. */
const appendWithinMs = 5_000;

/**
 * Labels of predictions: each prediction is resolved once, here; every label is held against its version before the first
 * one is stored.
 */
@CommandHandler(RecordFeedback)
export class RecordFeedbackHandler implements ICommandHandler<RecordFeedback> {
  constructor(
    @Inject(tokens.traffic) private readonly traffic: StreamStore,
    @Inject(tokens.events) private readonly events: EventReader,
    @Inject(tokens.labels) private readonly labels: LabelQueries,
    @Inject(tokens.clock) private readonly clock: Clock,
    @Inject(Commands) private readonly commands: Commands,
    @Inject(Predictions) private readonly predictions: Predictions,
  ) {}

  async execute({ body, caller }: RecordFeedback): Promise<FeedbackAccepted> {
    const meta = this.commands.metaOf({ call, target, body, caller });
    const items = 'items' in body ? body.items : [body];
    const resolved = await this.predictions.resolve(items.map(({ prediction_id }) => prediction_id));
    const pathOf: PathOf = (index, member) => ('items' in body ? `items.${index}.${member}` : member);
    const { observed, faults } = checkObservations(items, resolved, pathOf, meta.at);
    if (faults.length > 0) throw new ProblemException(refusalOf(faults));
    if (observed.length > 0) await this.#append(observed, meta, caller, pathOf);
    return {
      accepted: observed.length,
      unknown: items.filter((_, index) => resolved[index] === undefined).map(({ prediction_id }) => prediction_id),
    };
  }

  async #append(observed: readonly Observed[], meta: CommandMeta, caller: Caller, pathOf: PathOf): Promise<void> {
    const keyed = caller.idempotencyKey !== undefined;
    const missing = keyed ? await this.#withoutStored(observed, meta) : observed;
    if (missing.length === 0) return;
    const { lastSeq } = await this.events.head();
    const messages = labelMessages(missing, keyed ? meta : identifiedByContent(meta, observed), lastSeq);
    const faults = messages.flatMap((message) => sizeFaults(message, pathOf));
    if (faults.length > 0) throw new ProblemException(refusalOf(faults));
    const deadline = this.clock.monotonic() + appendWithinMs;
    for (const message of messages) await appendLabels(this.traffic, message, deadline, this.clock);
  }

  /**
   * What earlier requests with this key have not stored. A repeat of long ago must not be stored again: without
   * `observed_at` it would be of now, and count before the corrections that came since. The server remembers ids for
   * seconds only, so the read model has to know everything that was stored before this request.
   * @throws ProblemException `idempotency_conflict`, `not_caught_up`
   */
  async #withoutStored(observed: readonly Observed[], meta: CommandMeta): Promise<readonly Observed[]> {
    const { lastSeq } = await this.traffic.head();
    const earlier = acceptedOrThrow(await this.labels.ofCommand(meta.commandId, lastSeq));
    if (earlier.some(({ command_digest }) => command_digest !== meta.digest)) throw usedKey();
    const stored = new Map<string, number>();
    for (const { traffic_seq } of earlier)
      for (const id of await this.#idsIn(traffic_seq)) stored.set(id, (stored.get(id) ?? 0) + 1);
    return observed.filter(({ prediction_id }) => {
      const times = stored.get(prediction_id) ?? 0;
      stored.set(prediction_id, times - 1);
      return times <= 0;
    });
  }

  async #idsIn(seq: number): Promise<string[]> {
    const message = await this.traffic.get(seq, 'leader');
    if (message === undefined) throw new Error(`message ${seq} of TRAFFIC is folded as labels and is not there`);
    return decodeLabels(message.data).rows.map(({ prediction_id }) => prediction_id);
  }
}

/** Without a key: the same observations by the same actor are the same request, for as long as the server remembers. */
function identifiedByContent(meta: CommandMeta, observed: readonly Observed[]): CommandMeta {
  const content = canonicalJson(
    observed.map(({ prediction_id, label, observed_at }) => [prediction_id, label, observed_at]),
  );
  const commandId = uuidv5(namespaces.command, nameOf(meta.actor, call, target, 'content', content));
  return { ...meta, commandId, digest: `sha256:${sha256Hex(content)}` };
}
