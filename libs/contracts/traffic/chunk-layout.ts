/**
 * `PredictionsRecorded`: the rows of one event-loop tick with the same deployment, input schema and routing table, in
 * columns. The binary form (version 1, little-endian) is a storage contract:
 *
 *     'MPC1'  u32 schema length  schema (JSON, padded with spaces to a multiple of 8)
 *     f64 counter  f64 began_at  u32 served  u32 failed  u32 refused  u32 flags  u32 given-up count  u32 queued
 *     f64 × given-up counters
 *     the columns, each padded to a multiple of 8 bytes:
 *       arm u8, latency_us u32, began_offset_us u32                       of all rows
 *       request_id, subject_id, routing_key (text, where flagged)         of all rows
 *       code, detail (text)                                               of failed and refused rows
 *       inputs, one column per graph input                                of served and failed rows
 *       outputs                                                           of served rows
 *
 * Rows stand in this order: served, then failed (they reached the model, which failed), then refused (they did not pass
 * validation: no values are kept). A text column is u32 offsets (rows + 1), padded to 8, then UTF-8.
 * `queued`: rows that waited in the writer's process when the chunk was closed (0 in chunks of earlier writers).
 * Inputs are recorded as the model received them, at its own precision: a replay feeds the model the same bits.
 */
export const predictionsRecorded = { type: 'PredictionsRecorded', version: 1 } as const;

/** 'MPC1' */
export const magic = 0x3143504d;
/** Between the schema and the given-up counters. */
export const fixedBytes = 40;
/** Which text columns of all rows are there. */
export const flag = { requestIds: 1, subjectIds: 2, routingKeys: 4 } as const;
/** Up to the next multiple of 8: with the padding. */
export const aligned = (bytes: number): number => (bytes + 7) & ~7;

export class ChunkMalformed extends Error {
  constructor(detail: string) {
    super(`a stored chunk of predictions ${detail}`);
    this.name = 'ChunkMalformed';
  }
}
