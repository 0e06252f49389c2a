import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import type { z } from 'zod';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import type { api } from '#libs/contracts/index.js';
import { ZodPipe } from '#libs/nest/index.js';
import { artifactParams, artifactQuery } from '../catalogue/routes.js';
import { tokens } from '../tokens.js';
import { announcedDigest } from './announced-digest.js';
import { orArtifactProblem } from './artifact-problem.js';
import { receiveArtifact } from './receive-artifact.js';

@Controller('api/artifacts')
export class ArtifactsController {
  constructor(@Inject(tokens.artifacts) private readonly artifacts: ArtifactStore) {}

  @Post()
  @HttpCode(201)
  async store(
    @Req() request: FastifyRequest,
    @Query(new ZodPipe(artifactQuery, 'query')) query: z.output<typeof artifactQuery>,
  ): Promise<z.infer<typeof api.artifactStored>> {
    const header = request.headers.digest;
    const expected = announcedDigest(query.digest, typeof header === 'string' ? header : undefined);
    const { digest, size } = await receiveArtifact(this.artifacts, request.body as Readable, expected);
    return { digest, size };
  }

  @Get(':digest')
  async fetch(
    @Param(new ZodPipe(artifactParams)) { digest }: z.output<typeof artifactParams>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const etag = `"${digest}"`;
    if (request.method === 'HEAD' || asksOnlyWhetherChanged(request, etag)) {
      const { size } = await orArtifactProblem('digest', () => this.artifacts.stat(digest));
      // Of a body that is a stream, Fastify's HEAD keeps the announced length.
      if (request.method === 'HEAD') await reply.headers(headersOf(etag, size)).send(Readable.from([]));
      else await reply.code(304).header('etag', etag).send();
      return;
    }
    const { size, stream } = await orArtifactProblem('digest', () => this.artifacts.open(digest));
    // An error on the way (damaged bytes) ends the connection short of the announced length.
    await reply.headers(headersOf(etag, size)).send(stream);
  }
}

/** What a digest names never changes. */
const headersOf = (etag: string, size: number): Record<string, string | number> => ({
  'content-type': 'application/octet-stream',
  'content-length': size,
  'cache-control': 'private, max-age=31536000, immutable',
  etag,
});

const asksOnlyWhetherChanged = ({ headers }: FastifyRequest, etag: string): boolean =>
  (headers['if-none-match'] ?? '').split(',').some((tag) => tag.trim() === etag || tag.trim() === '*');
