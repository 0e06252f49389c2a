const secondsOf = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Ten years: longer than any secret should live. */
const longestS = 3_650 * secondsOf.d;

/** Seconds of `90s`, `30m`, `12h` or `7d`, up to 3,650 days; undefined for anything else. */
export function secondsIn(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const seconds = Number(digits) * secondsOf[unit as keyof typeof secondsOf];
  return seconds >= 1 && seconds <= longestS ? seconds : undefined;
}
