/** Extensions of the protocol that both transports speak. */
const extensions = ['statistics', 'model_repository_index'] as const;

/** What the server says of itself. `spoken`: extensions of the transport that asks. */
export const serverMetadata = (version: string, spoken: readonly string[] = []) => ({
  name: 'modelog',
  version,
  extensions: [...spoken, ...extensions],
});
