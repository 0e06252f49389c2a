export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of a tensor's or an output's parameters: those that ask for an extension of the protocol that is not spoken here. */
export const unsupportedParameter = (parameters: Readonly<Record<string, unknown>> | null): string | undefined =>
  parameters === null ? undefined : unsupported.find((name) => Object.hasOwn(parameters, name));

const unsupported = ['classification', 'shared_memory_region', 'shared_memory_byte_size', 'shared_memory_offset'];
