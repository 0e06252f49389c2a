import type { ArtifactStore } from '#libs/artifacts/index.js';
import { watchedVersionOf, type RegisteredVersion, type WatchedVersion } from '#libs/monitoring/index.js';

/** What versions are compared with; each is read once. Fails as the artifact store does. */
export class LoadedReferences {
  readonly #loaded = new Map<string, WatchedVersion>();

  constructor(private readonly artifacts: Pick<ArtifactStore, 'read'>) {}

  /** @param forErrors errors of classes are right or wrong, whatever the reference is: it is not read then. */
  async load(version: RegisteredVersion, forErrors: boolean): Promise<void> {
    const key = keyOf(version);
    if (this.#loaded.has(key)) return;
    this.#loaded.set(
      key,
      forErrors && answersClasses(version)
        ? { signature: version.signature, reference: notRead }
        : (await watchedVersionOf(version, (digest, limits) => this.artifacts.read(digest, limits))).watched,
    );
  }

  /** One that was loaded. */
  readonly of = (version: RegisteredVersion): WatchedVersion => {
    const loaded = this.#loaded.get(keyOf(version));
    if (loaded === undefined) throw new TypeError(`${keyOf(version)} is asked for, and no message named it`);
    return loaded;
  };
}

const notRead: WatchedVersion['reference'] = { missing: 'errors of classes need none' };

const answersClasses = ({ signature: { outputs } }: RegisteredVersion): boolean =>
  outputs.some(({ role }) => role === 'label' || role === 'probabilities');

const keyOf = ({ model, version, seq }: RegisteredVersion): string => `${model}@${version} ${seq}`;
