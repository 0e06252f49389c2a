/** What each event does to a model's state. */
import type { EventOf, ModelEvent, VersionRegistered } from '#libs/contracts/index.js';
import { assertNever, canonicalJson, sha256Hex, type Origin } from '#libs/kernel/index.js';
import type { ModelState, Review, StoredVersion } from './state.js';

export function evolve(state: ModelState, event: ModelEvent, origin: Origin): ModelState {
  switch (event.type) {
    case 'VersionRegistered':
      return registered(state, event.data, origin);
    case 'VersionAnnotated': {
      const { description, tags } = event.data;
      return change(state, event.data.version, () => ({ description, tags }));
    }
    case 'EvaluationRecorded': {
      const { dataset, split = null, evaluation_id, metrics } = event.data.evaluation;
      return change(state, event.data.version, ({ evaluations }) => ({
        evaluations: [
          ...evaluations.filter((each) => each.dataset !== dataset || each.split !== split),
          { dataset, split, evaluation_id, metrics, seq: origin.seq },
        ],
      }));
    }
    case 'PromotionRequested': {
      const { to } = event.data;
      return change(state, event.data.version, ({ requests }) => ({
        requests: [
          ...requests.filter((each) => each.to !== to || each.actor !== origin.actor),
          { to, actor: origin.actor, seq: origin.seq, met: false },
        ],
      }));
    }
    case 'VersionApproved':
    case 'VersionRejected': {
      const { to } = event.data;
      const expires_at = event.type === 'VersionApproved' ? event.data.expires_at : null;
      const decision = event.type === 'VersionApproved' ? 'approve' : 'reject';
      const review: Review = { to, decision, ...origin, expires_at };
      return change(state, event.data.version, ({ reviews }) => ({
        reviews: [...reviews.filter((each) => each.to !== to || each.actor !== origin.actor), review],
      }));
    }
    case 'VersionPromoted': {
      const { version, to } = event.data;
      const met = change(state, version, ({ requests }) => ({
        requests: requests.map((each) => (each.to === to ? { ...each, met: true } : each)),
      }));
      return to === 'production'
        ? crowned(met, version, [...state.champions, version], origin)
        : change(met, version, () => ({ stage: to }));
    }
    case 'ChampionRolledBack': {
      const { version, former } = event.data;
      const left = change(state, former, () => ({ rolled_back_seq: origin.seq }));
      return crowned(left, version, state.champions.slice(0, state.champions.lastIndexOf(version) + 1), origin);
    }
    case 'AliasSet':
      return { ...state, aliases: { ...state.aliases, [event.data.alias]: event.data.version } };
    case 'AliasRemoved':
      return { ...state, aliases: without(state.aliases, [event.data.alias]) };
    case 'VersionArchived':
      return {
        ...change(state, event.data.version, () => ({ archived: true })),
        aliases: without(state.aliases, event.data.aliases),
      };
    default:
      return assertNever(event, 'model event');
  }
}

function registered(state: ModelState, data: EventOf<typeof VersionRegistered>['data'], origin: Origin): ModelState {
  const signature = sha256Hex(canonicalJson(data.signature));
  return {
    ...state,
    signatures: { ...state.signatures, [signature]: data.signature },
    versions: [
      ...state.versions,
      {
        ...{ version: data.version, artifact: data.artifact, signature, metrics: data.metrics, tags: data.tags },
        ...{ stage: 'development', archived: false, description: data.description ?? null },
        registered_by: origin.actor,
        ...{ requests: [], reviews: [], evaluations: [], rolled_back_seq: 0 },
      },
    ],
  };
}

/** The version becomes champion; the one before returns to staging. */
function crowned(state: ModelState, version: string, champions: string[], { seq }: Origin): ModelState {
  const former = state.champions.at(-1);
  const demoted = former === undefined ? state : change(state, former, () => ({ stage: 'staging' }));
  return { ...change(demoted, version, () => ({ stage: 'production' })), champions, champion_seq: seq };
}

const change = (
  state: ModelState,
  version: string,
  to: (before: StoredVersion) => Partial<StoredVersion>,
): ModelState => ({
  ...state,
  versions: state.versions.map((each) => (each.version === version ? { ...each, ...to(each) } : each)),
});

const without = (aliases: ModelState['aliases'], names: readonly string[]): ModelState['aliases'] =>
  Object.fromEntries(Object.entries(aliases).filter(([alias]) => !names.includes(alias)));
