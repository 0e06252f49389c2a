import type { MultipartFile, MultipartValue } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import { api, rejection, type Rejection } from '#libs/contracts/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { jsonFault, parseOrThrow, ProblemException } from '#libs/nest/index.js';
import { receiveArtifact } from '../artifacts/receive-artifact.js';

const meta = api.registerModel.partial({ artifact: true });
type Meta = ReturnType<typeof meta.parse>;

/**
 * A registration as multipart/form-data: part `artifact` is the file, part `meta` the JSON, in any order. The file is
 * stored while it arrives. A meta part that comes first and does not hold refuses the file unread.
 * @throws ProblemException
 */
export async function receiveModel(request: FastifyRequest, artifacts: ArtifactStore): Promise<api.RegisterModel> {
  let described: Meta | undefined;
  let digest: string | undefined;
  try {
    for await (const part of request.parts()) {
      if (part.type === 'file' && part.fieldname === 'artifact')
        ({ digest } = await receiveArtifact(artifacts, part.file, described?.artifact));
      else if (part.fieldname === 'meta') described = parseOrThrow(meta, jsonOf(await textOf(part)), 'meta');
      else
        throw problem(
          'invalid_request',
          `expected the parts artifact and meta, found ${part.fieldname}`,
          part.fieldname,
        );
    }
  } catch (error) {
    throw multipartProblem(error);
  }
  if (described === undefined) throw problem('invalid_request', 'expected a part meta with the JSON', 'meta');
  if (digest === undefined) throw problem('invalid_request', 'expected a part artifact with the file', 'artifact');
  if (described.artifact !== undefined && described.artifact !== digest)
    throw problem('digest_mismatch', `the file has the digest ${digest}, not ${described.artifact}`, 'meta.artifact');
  return { ...described, artifact: digest };
}

/** `curl -F meta=@file.json` sends a file where `-F meta='{…}'` sends a field. */
async function textOf(part: MultipartFile | MultipartValue): Promise<string> {
  if (part.type === 'file') return (await part.toBuffer()).toString('utf8');
  return typeof part.value === 'string' ? part.value : JSON.stringify(part.value);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not the parser's own words: they quote the caller's text.
    throw problem('malformed_json', `part meta is not JSON: ${jsonFault(text)}`, 'meta');
  }
}

const problem = (code: Rejection['code'], detail: string, path: string): ProblemException =>
  new ProblemException(rejection(code, detail, [{ path, message: detail }]));

/** Of @fastify/multipart's errors, the ones that a caller causes. */
function multipartProblem(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'FST_PARTS_LIMIT':
    case 'FST_FILES_LIMIT':
    case 'FST_FIELDS_LIMIT':
      return problem('invalid_request', 'expected one part artifact and one part meta', 'body');
    case 'FST_REQ_FILE_TOO_LARGE':
      return problem('payload_too_large', `a part is too large: ${messageOf(error)}`, 'body');
    case 'FST_MP_PREMATURE_CLOSE':
      return problem('malformed_body', 'the body ended before its last part was complete', 'body');
    default:
      return isCutOff(error) ? problem('malformed_body', messageOf(error), 'body') : error;
  }
}

/** What the parser of multipart bodies says without a code. */
const isCutOff = (error: unknown): boolean => /unexpected end of multipart data$/i.test(messageOf(error));
