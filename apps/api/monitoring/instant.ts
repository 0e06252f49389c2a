/** Milliseconds since the epoch of an instant that the schema let through. */
export const instantOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Date.parse(text);
