import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { api, GovernanceEvent } from '#libs/contracts/index.js';
import { recordedEvent } from '#libs/projecting/testing/recorded-events.js';
import { openLineageEvents, openLineageVersion, type OpenLineageRunEvent } from './open-lineage.js';
import { evaluated, registered, requested } from './testing/events.js';
import { naiveGraph, naiveLineage } from './testing/naive-lineage.js';

type JsonSchema = Exclude<Parameters<typeof z.fromJSONSchema>[0], boolean>;

const facets: JsonSchema = { type: 'object', additionalProperties: { $ref: '#/$defs/facet' } };
const dataset: JsonSchema = {
  type: 'object',
  required: ['namespace', 'name'],
  properties: {
    ...{ namespace: { type: 'string', minLength: 1 }, name: { type: 'string', minLength: 1 } },
    ...{ facets, inputFacets: facets, outputFacets: facets },
  },
};

/**
 * What spec 2-0-2 of OpenLineage requires of a RunEvent (spec/OpenLineage.json: BaseEvent, RunEvent, Run, Job, Dataset,
 * BaseFacet), and of the events here besides: inputs, outputs, and facets named after Modelog.
 */
const runEvent = z.fromJSONSchema({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $defs: {
    facet: {
      type: 'object',
      required: ['_producer', '_schemaURL'],
      properties: { _producer: { type: 'string', format: 'uri' }, _schemaURL: { type: 'string', format: 'uri' } },
    },
    dataset,
  },
  type: 'object',
  required: ['eventTime', 'producer', 'schemaURL', 'run', 'job', 'eventType', 'inputs', 'outputs'],
  properties: {
    eventTime: { type: 'string', format: 'date-time' },
    producer: { type: 'string', format: 'uri' },
    schemaURL: { type: 'string', format: 'uri' },
    eventType: { enum: ['START', 'RUNNING', 'COMPLETE', 'ABORT', 'FAIL', 'OTHER'] },
    run: { type: 'object', required: ['runId'], properties: { runId: { type: 'string', format: 'uuid' }, facets } },
    job: {
      type: 'object',
      required: ['namespace', 'name'],
      properties: { namespace: { type: 'string', minLength: 1 }, name: { type: 'string', minLength: 1 }, facets },
    },
    inputs: { type: 'array', items: { $ref: '#/$defs/dataset' } },
    outputs: { type: 'array', items: { $ref: '#/$defs/dataset' } },
  },
});

/** The graph around everything that the events name. */
function graphOf(...events: readonly GovernanceEvent[]): api.LineageGraph {
  const lineage = naiveLineage(events.map((event, index) => recordedEvent(index + 1, event)));
  const bounds = { direction: 'both', depth: 50, limit: 5_000 } as const;
  return { ...naiveGraph(lineage, [...lineage.nodes.keys()], bounds), as_of_seq: events.length };
}

const names = (datasets: OpenLineageRunEvent['inputs']): string[] => datasets.map(({ name }) => name);
const job = '3b452093-782c-4ef2-9c0c-aafe2aa6f34d';

const graph = graphOf(
  registered('a', '1.0.0', { lineage: { dataset: 'd', training_job: 'nightly', source: 'git:abc' } }),
  registered('b', '1.0.0', { lineage: { dataset: 'e', training_job: 'nightly', parent_version: 'old@0.1.0' } }),
  registered('a', '1.1.0', { lineage: { parent_version: '1.0.0' }, derivedFrom: ['a', '1.0.0'] }),
  registered('a', '2.0.0', { lineage: { dataset: 'd', parent_version: '1.0.0' } }),
  registered('c', '1.0.0', { lineage: { training_job: job } }),
  evaluated('c', '1.0.0', 'holdout'),
  requested('live', 1, 'c', '1.0.0'),
);

describe('the schema of these tests', () => {
  it('refuses events that lack what the specification requires', () => {
    const [good] = openLineageEvents(graph);
    expect(runEvent.safeParse(good).success).toBe(true);
    for (const lacking of ['eventTime', 'producer', 'schemaURL', 'run', 'job'])
      expect(runEvent.safeParse({ ...good, [lacking]: undefined }).success).toBe(false);
    for (const bad of [
      { ...good, run: { runId: 'nightly' } },
      { ...good, job: { name: 'nightly' } },
      { ...good, outputs: [{ name: 'a' }] },
      { ...good, inputs: [{ namespace: 'n', name: 'a', facets: { modelog_x: { _producer: 'urn:x:y' } } }] },
      { ...good, eventTime: 'yesterday' },
      { ...good, eventType: 'DONE' },
    ])
      expect(runEvent.safeParse(bad).success).toBe(false);
  });
});

describe('runs as OpenLineage events', () => {
  const events = openLineageEvents(graph);

  it('are as the specification requires, each of them, and as JSON', () => {
    expect(openLineageVersion).toBe('2-0-2');
    const sent = JSON.parse(JSON.stringify(events)) as unknown[];
    expect(sent).toEqual(events);
    for (const event of sent) expect(runEvent.parse(event)).toEqual(event);
    for (const { schemaURL } of events)
      expect(schemaURL).toBe('https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent');
  });

  it('are one for each training job, and one for each version that names none', () => {
    expect(events.map((event) => [event.job.name, names(event.inputs), names(event.outputs)])).toEqual([
      ['job:nightly', ['dataset:d', 'dataset:e', 'version:old@0.1.0'], ['version:a@1.0.0', 'version:b@1.0.0']],
      ['optimise:a', ['version:a@1.0.0'], ['version:a@1.1.0']],
      ['register:a', ['dataset:d', 'version:a@1.0.0'], ['version:a@2.0.0']],
      [`job:${job}`, [], ['version:c@1.0.0']],
    ]);
    expect(events.map(({ eventTime }) => eventTime.slice(17, 19))).toEqual(['02', '03', '04', '05']);
  });

  it('have the id of their job where that is a UUID, else one that is derived from it, always the same', () => {
    expect(events.at(-1)?.run.runId).toBe(job);
    expect(new Set(events.map(({ run }) => run.runId)).size).toBe(events.length);
    expect(openLineageEvents(graph)).toEqual(events);
    const alone = graphOf(registered('x', '1.0.0', { lineage: { training_job: 'nightly' } }));
    expect(openLineageEvents(alone)[0]?.run.runId).toBe(events[0]?.run.runId);
  });

  it('tell in facets of their own what the core has no field for', () => {
    const [nightly, optimised] = events;
    expect(nightly?.run.facets['modelog_lineage']).toMatchObject({
      sources: ['git:abc'],
      as_of_seq: 7,
      truncated: false,
    });
    expect(nightly?.outputs[0]?.facets['modelog_version']).toMatchObject({
      ...{ model: 'a', version: '1.0.0', registered_seq: 1, created_by: 'ada' },
    });
    expect(nightly?.inputs[0]?.facets['modelog_node']).toMatchObject({ type: 'dataset', name: 'd', recorded: false });
    expect(optimised?.inputs[0]?.inputFacets?.['modelog_edges']).toMatchObject({
      edges: [{ to: 'version:a@1.1.0', type: 'parent_of', seq: 3, method: 'graph' }],
    });
    for (const { run, inputs, outputs } of events)
      for (const key of [run, ...inputs, ...outputs].flatMap((each) => Object.keys(each.facets)))
        expect(key).toMatch(/^modelog_[a-z]+$/);
  });

  it('are none for versions that are only named, and say where the graph was cut', () => {
    const cut = { ...graphOf(registered('a', '1.0.0', { lineage: { parent_version: 'b@1.0.0' } })), truncated: true };
    const [event, ...others] = openLineageEvents(cut);
    expect(others).toEqual([]);
    expect(event?.run.facets['modelog_lineage']).toMatchObject({ truncated: true });
    expect(openLineageEvents({ ...cut, nodes: [], edges: [] })).toEqual([]);
  });
});
