/** @jest-environment ./tests/support/onnx-environment.mjs */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FeaturePipeline, Table, TableColumn } from '#libs/contracts/index.js';
import type { Result } from '#libs/kernel/index.js';
import { dateParts, pipelines, tables } from '#tests/simulation/features/arbitraries.js';
import { differences, expectSameBits, withGraph } from '#tests/simulation/features/graph-run.js';
import type { DatasetRefusal } from '../refusal.js';
import { parseTimestamp } from '../timestamp.js';
import { fitFeatures, transformFeatures } from './index.js';

it('the graph of any pipeline gives the bits of transformFeatures', async () => {
  await fc.assert(fc.asyncProperty(pipelines, tables, tables, fc.constantFrom(0, 2, 4), expectSameBits), {
    numRuns: 30,
  });
});

describe('texts of timestamps', () => {
  const columns: TableColumn[] = [{ name: 'when', type: 'timestamp', values: Float64Array.of(0) }];
  const pipeline: FeaturePipeline = [
    {
      type: 'date_parts',
      columns: ['when'],
      parts: dateParts,
      impute: 'none',
      scale: 'none',
    },
  ];
  const fitted = accepted(
    fitFeatures({ rows: 1, columns }, null, pipeline, { target: Float64Array.of(0), classes: 0, seed: 1 }),
  );

  const agree = async (texts: string[]) => {
    const table: Table = {
      rows: texts.length,
      columns: [{ name: 'when', type: 'timestamp', values: Float64Array.from(texts, parseTimestamp) }],
    };
    const { columns: expected } = transformFeatures(fitted, table, null);
    await withGraph(fitted, async (run) => {
      const outputs = await run([{ name: 'texts', type: 'string', width: 1, data: texts }], texts.length);
      expect(differences(outputs, expected).map(({ row, ...rest }) => ({ text: texts[row], ...rest }))).toEqual([]);
    });
  };

  it('mean what parseTimestamp reads, on every day that months and leap years end with', async () => {
    const years = [
      '0001',
      '0004',
      '0100',
      '0400',
      '1600',
      '1900',
      '1970',
      '1999',
      '2000',
      '2023',
      '2024',
      '2100',
      '9999',
    ];
    const months = Array.from({ length: 14 }, (_, month) => String(month).padStart(2, '0'));
    const days = ['00', '01', '28', '29', '30', '31', '32'];
    await agree(years.flatMap((year) => months.flatMap((month) => days.map((day) => `${year}-${month}-${day}`))));
  });

  it('mean what parseTimestamp reads, with any time and zone', async () => {
    const ends = ['', 'Z', '+00:00', '-00:00', '+05:45', '-23:59', '+23:59', '-24:00', 'z', '+0100', '+01', ' Z'];
    const times = [
      '',
      'T00:00',
      ' 23:59',
      'T24:00',
      'T12:30:59',
      'T12:30:60',
      'T12:30:59.5',
      ' 12:30:59.123456789',
      't12:30',
    ];
    const days = ['0001-01-01', '1969-12-31', '1970-01-01', '2024-02-29', '2023-02-29', '9999-12-31'];
    await agree(days.flatMap((day) => times.flatMap((time) => ends.map((end) => `${day}${time}${end}`))));
  });

  it('that are none have missing parts, and no text makes the graph fail', async () => {
    const characters = fc.constantFrom(...Array.from('0123456789-:TZ+. \n\ud800ä'));
    const nasty = fc.sample(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.array(characters, { maxLength: 24 }).map((all) => all.join('')),
        fc
          .tuple(fc.constantFrom('2024-02-29T12:30:59.5+01:00', '1999-01-31 01:02Z'), fc.nat(26), characters)
          .map(([text, at, character]) => text.slice(0, at) + character + text.slice(at + 1)),
      ),
      { numRuns: 2000, seed: 1 },
    );
    await agree([...nasty.filter((text) => !text.includes('\0')), '2024-01-01\n', '2'.repeat(100_000)]);
  });
});

function accepted<T>(result: Result<T, DatasetRefusal>): T {
  if (!result.ok) throw new Error(result.rejection.detail);
  return result.value;
}
