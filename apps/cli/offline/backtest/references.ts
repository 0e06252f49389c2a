import { ArtifactDamaged, ArtifactNotFound, ArtifactTooLarge, type ArtifactStore } from '#libs/artifacts/index.js';
import { baselineFormat } from '#libs/contracts/index.js';
import {
  BaselineMalformed,
  missingBaseline,
  mostBaselineBytes,
  parseBaseline,
  referenceOf,
  type RegisteredVersion,
  type WatchedVersion,
} from '#libs/monitoring/index.js';

/** What versions are compared with; each is read once. Fails as the artifact store does. */
export class LoadedReferences {
  readonly #loaded = new Map<string, WatchedVersion>();

  constructor(private readonly artifacts: Pick<ArtifactStore, 'read'>) {}

  /** @param forErrors errors of classes are right or wrong, whatever the reference is: it is not read then. */
  async load(version: RegisteredVersion, forErrors: boolean): Promise<void> {
    const key = keyOf(version);
    if (this.#loaded.has(key)) return;
    const reference = forErrors && answersClasses(version) ? notRead : await this.#referenceOf(version);
    this.#loaded.set(key, { signature: version.signature, reference });
  }

  /** One that was loaded. */
  readonly of = (version: RegisteredVersion): WatchedVersion => {
    const loaded = this.#loaded.get(keyOf(version));
    if (loaded === undefined) throw new TypeError(`${keyOf(version)} is asked for, and no message named it`);
    return loaded;
  };

  async #referenceOf({ signature, baseline }: RegisteredVersion): Promise<WatchedVersion['reference']> {
    if (baseline === null) return { missing: missingBaseline.none };
    const { artifact, format } = baseline;
    if (format !== baselineFormat) return { missing: missingBaseline.format(format) };
    try {
      const bytes = await this.artifacts.read(artifact, { maxBytes: mostBaselineBytes });
      return referenceOf(parseBaseline(bytes), artifact, signature);
    } catch (error) {
      if (error instanceof ArtifactNotFound) return { missing: missingBaseline.notFound(artifact) };
      if (error instanceof ArtifactDamaged) return { missing: missingBaseline.damaged(artifact) };
      if (error instanceof ArtifactTooLarge) return { missing: missingBaseline.tooLarge(artifact) };
      if (error instanceof BaselineMalformed || error instanceof RangeError)
        return { missing: missingBaseline.malformed(artifact, error.message) };
      throw error;
    }
  }
}

const notRead: WatchedVersion['reference'] = { missing: 'errors of classes need none' };

const answersClasses = ({ signature: { outputs } }: RegisteredVersion): boolean =>
  outputs.some(({ role }) => role === 'label' || role === 'probabilities');

const keyOf = ({ model, version, seq }: RegisteredVersion): string => `${model}@${version} ${seq}`;
