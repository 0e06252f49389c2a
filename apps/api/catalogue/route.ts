import type { z } from 'zod';
import type { Permission, ProblemCode } from '#libs/contracts/index.js';

/** One call of the HTTP API: what OpenAPI says of it and what is checked before its body is read. */
export interface RouteSpec {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** OpenAPI form: `/api/models/{model_id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag:
    | 'Artifacts'
    | 'Datasets'
    | 'Training'
    | 'Models'
    | 'Lineage'
    | 'Deployments'
    | 'Predictions'
    | 'Open Inference Protocol'
    | 'Monitoring'
    | 'Events'
    | 'Operations';
  readonly summary: string;
  readonly description?: string;
  /** What a caller's token must allow; null: open to everybody. */
  readonly permission: Permission | null;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  /** The bodies it takes, one for each media type. */
  readonly body?: readonly BodySpec[];
  readonly answer: AnswerSpec;
  /** Codes of this call alone; those that every call can give are added. */
  readonly problems: readonly ProblemCode[];
  /** The form of a refusal where it is not a Problem. */
  readonly refusal?: z.ZodType;
  /** Which app answers: serving processes keep the prediction calls to themselves. */
  readonly servedBy: 'api' | 'serving';
}

export interface BodySpec {
  readonly mediaType: string;
  /** `bytes` is a file, taken as it comes. */
  readonly content: z.ZodType | 'bytes';
  readonly limitBytes: number;
}

export interface AnswerSpec {
  readonly status: 200 | 201 | 202;
  readonly description: string;
  readonly content: readonly { readonly mediaType: string; readonly content: z.ZodType | 'bytes' | 'text' }[];
}

/** The path as Fastify's router writes it: `/api/models/:model_id`. */
export const routerPath = ({ path }: Pick<RouteSpec, 'path'>): string => path.replaceAll(/\{([a-z_]+)\}/g, ':$1');

/** Whether a call can do without any body: everything in it has a default. */
export const mayBeLeftOut = (body: readonly BodySpec[]): boolean =>
  body.some(({ content }) => content !== 'bytes' && content.safeParse(undefined).success);
