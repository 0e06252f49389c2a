/**
 * Told of every call of the runtime's native code, at its very edge: a process that dies of a model dies between the
 * two. Called on the hot path; neither may throw.
 */
export interface RunObserver {
  before(): void;
  after(): void;
}
