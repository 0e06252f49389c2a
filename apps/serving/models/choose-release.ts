/** A session as the choice sees it. */
export interface Candidate {
  readonly bytes: number;
  /** Of those that hold it. */
  readonly holders: Iterable<CandidateHolder>;
}

export interface CandidateHolder {
  readonly place: 'live' | 'former' | 'pending';
  /** The way back for a rollback that is to be instant. */
  readonly kept: boolean;
  /** Rows under way in it; null while it is not loaded. */
  readonly pendingRows: number | null;
  /** When the latest request came, monotonic milliseconds. */
  readonly usedAt: number;
}

/**
 * What to let go of so that `bytes` fit below `maxBytes` together with the rest: formers first, then live versions; of
 * each those without rows under way first, for the others have to be waited for; then the least recently used; and none
 * that the others make needless. Never what is pending, kept for a rollback or not loaded yet. All that can go, where that
 * is not enough.
 */
export function chooseRelease<Session extends Candidate>(
  sessions: Iterable<Session>,
  bytes: number,
  maxBytes: number,
): Session[] {
  const all = [...sessions];
  let excess = all.reduce((sum, session) => sum + session.bytes, bytes) - maxBytes;
  const chosen: Session[] = [];
  for (const { session } of all.flatMap(rankOf).sort(byRank)) {
    if (excess <= 0) break;
    excess -= session.bytes;
    chosen.push(session);
  }
  return excess > 0 ? chosen : withoutNeedless(chosen, -excess);
}

/** A large one may make the small ones before it needless: the most recently used of them stays first. */
function withoutNeedless<Session extends Candidate>(chosen: readonly Session[], spareBytes: number): Session[] {
  let spare = spareBytes;
  return chosen
    .toReversed()
    .filter(({ bytes }) => {
      if (bytes > spare) return true;
      spare -= bytes;
      return false;
    })
    .reverse();
}

interface Ranked<Session> {
  readonly session: Session;
  readonly isLive: boolean;
  readonly isBusy: boolean;
  readonly usedAt: number;
}

/** Empty for a session that must stay. */
function rankOf<Session extends Candidate>(session: Session): Ranked<Session>[] {
  let isLive = false;
  let isBusy = false;
  let usedAt = 0;
  for (const holder of session.holders) {
    if (holder.place === 'pending' || holder.kept || holder.pendingRows === null) return [];
    isLive ||= holder.place === 'live';
    isBusy ||= holder.pendingRows > 0;
    usedAt = Math.max(usedAt, holder.usedAt);
  }
  return [{ session, isLive, isBusy, usedAt }];
}

const byRank = (one: Ranked<unknown>, other: Ranked<unknown>): number =>
  Number(one.isLive) - Number(other.isLive) || Number(one.isBusy) - Number(other.isBusy) || one.usedAt - other.usedAt;
