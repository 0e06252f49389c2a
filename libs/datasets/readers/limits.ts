/** Bytes of one value in a text format. */
export const longestValue = 1 << 20;

/** Bytes of one row in a text format, which is held in memory. */
export const longestRow = 1 << 26;

/** What 32 bits count: splits and samples name rows by such numbers. */
export const mostRows = 2 ** 31 - 1;

export const mostColumns = 10_000;

/** Characters of a column's name. */
export const longestName = 256;
