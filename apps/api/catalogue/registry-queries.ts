/** Parameters of the registry's calls. */
import { z } from 'zod';
import { aliasName, api, modelName, modelVersion, versionReference, versionSelector } from '#libs/contracts/index.js';
import { graphBounds } from '#projections/lineage/index.js';
import { listQuery, readQuery } from './route-parts.js';

export const modelParams = z.object({ model_id: modelName });
export const versionParams = z.object({ model_id: modelName, v: versionSelector });
export const aliasParams = z.object({ model_id: modelName, alias: aliasName });

export const historyQuery = listQuery.extend({
  version: modelVersion.optional().meta({ description: 'Events of this version alone' }),
  alias: aliasName.optional().meta({ description: 'Events that set or removed this alias' }),
  type: z.string().min(1).max(64).optional().meta({ description: 'Events of this type, for example VersionPromoted' }),
});

const comparedVersions = { least: 2, most: 20 } as const;

/** A version to compare; without a name it is one of the model of the path. */
export interface ComparedReference {
  readonly name: string | undefined;
  readonly selector: string;
}

export const compareQuery = readQuery.extend({
  versions: z
    .string()
    .max(8_192)
    .transform((text, context): ComparedReference[] => {
      const given = text.split(',');
      if (given.length < comparedVersions.least || given.length > comparedVersions.most) {
        const { least, most } = comparedVersions;
        context.addIssue({ code: 'custom', message: `expected ${least} to ${most} versions, found ${given.length}` });
        return z.NEVER;
      }
      return given.map((each) => {
        const parsed = each.includes('@') ? versionReference.safeParse(each) : versionSelector.safeParse(each);
        if (parsed.success)
          return typeof parsed.data === 'string' ? { name: undefined, selector: parsed.data } : parsed.data;
        context.addIssue({ code: 'custom', message: `'${each}': ${parsed.error.issues[0]!.message}` });
        return z.NEVER;
      });
    })
    .meta({ description: 'Separated by commas: 1.2.0, an alias, or name@1.2.0 and name@alias of other models' }),
});

const graphQuery = readQuery.extend({
  direction: api.direction.default('both').meta({ description: 'Where things come from, where they went, or both' }),
  depth: api.wholeNumber(0, graphBounds.depth).default(graphBounds.depth),
  limit: api.wholeNumber(1, graphBounds.mostLimit).default(graphBounds.limit).meta({ description: 'Nodes at most' }),
  format: z.enum(['json', 'openlineage']).default('json'),
});
export const modelLineageQuery = graphQuery.extend({
  version: versionSelector.optional().meta({ description: 'Left out: all versions of the model' }),
});
export const lineageQuery = graphQuery.extend({ node: api.nodeId });
export type GraphQuery = z.output<typeof graphQuery>;
