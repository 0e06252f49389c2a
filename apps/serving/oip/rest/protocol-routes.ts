import type { IncomingMessage, ServerResponse } from 'node:http';
import { api, problemCodes, rejection, type Rejection } from '#libs/contracts/index.js';
import type { Result } from '#libs/kernel/index.js';
import { parseJson, readBody } from '../../http/read-body.js';
import { announcedBytes, pathOf, tooLarge } from '../../http/size-limits.js';
import { serverMetadata } from '../server-metadata.js';
import { addressOf, type Address } from './addresses.js';
import { answer, answerJson, answerRefusal, refuseBeforeBody } from './answers.js';
import { infer, type RestOptions } from './infer.js';
import { isObject } from '../../json-object.js';

/** Answers everything below /v2, in the protocol's form. */
export const protocolRoutes =
  (options: RestOptions) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const { admission } = options;
    const address = addressOf(pathOf(request.url ?? '/'));
    const announced = announcedBytes(request) ?? 0;
    const limit = bodyBytes(address);
    if (admission.draining) response.setHeader('connection', 'close');
    if (announced > limit) {
      admission.count('too_large');
      refuseBeforeBody(request, response, tooLarge(limit, announced));
      return;
    }
    const method = methodOf(address);
    if (method === request.method) answerAt(options, address, request, response);
    else {
      const path = pathOf(request.url ?? '/');
      if (method !== null) response.setHeader('allow', method);
      const refusal =
        method === null
          ? rejection('not_found', `there is nothing at ${path.slice(0, 256)}`)
          : rejection('method_not_allowed', `${path.slice(0, 256)} takes ${method}, not ${request.method ?? 'GET'}`);
      refuseBeforeBody(request, response, refusal);
    }
  };

/** Most bytes of a body; what takes none may still be sent some. */
const bodyBytes = ({ kind }: Address): number => (kind === 'infer' ? api.batchLimits.bytes : smallBytes);
const smallBytes = 64 * 1024;

function methodOf({ kind }: Address): 'GET' | 'POST' | null {
  switch (kind) {
    case 'infer':
    case 'index':
      return 'POST';
    case 'unknown':
      return null;
    default:
      return 'GET';
  }
}

function answerAt(options: RestOptions, address: Address, request: IncomingMessage, response: ServerResponse): void {
  const { service, version } = options;
  switch (address.kind) {
    case 'infer':
      infer(options, request, response, address);
      return;
    case 'server':
      answerJson(response, serverMetadata(version, ['binary_tensor_data']));
      return;
    case 'live':
      answerJson(response, { live: true });
      return;
    case 'ready':
      answerReady(options, response);
      return;
    case 'model_ready':
      answerModelReady(options, response, address);
      return;
    case 'metadata':
      answerResult(response, service.modelMetadata(address.model, address.version), (metadata) => metadata);
      return;
    case 'statistics':
      answerStatistics(options, response, address.model, address.version);
      return;
    case 'all_statistics':
      answerStatistics(options, response, undefined, undefined);
      return;
    case 'index':
      answerIndex(options, request, response);
      return;
    case 'unknown':
      answerRefusal(response, rejection('not_found', 'there is nothing at this address'));
  }
}

function answerStatistics(
  { service }: RestOptions,
  response: ServerResponse,
  model: string | undefined,
  version: string | undefined,
): void {
  service.statistics(model, version).then(
    (result) => {
      answerResult(response, result, (statistics) => ({ model_stats: statistics }));
    },
    () => {
      answerRefusal(response, rejection('internal', problemCodes.internal[1]));
    },
  );
}

function answerResult<T>(response: ServerResponse, result: Result<T, Rejection>, bodyOf: (value: T) => unknown): void {
  if (result.ok) answerJson(response, bodyOf(result.value));
  else answerRefusal(response, result.rejection);
}

function answerReady({ service }: RestOptions, response: ServerResponse): void {
  service.serverReady().then(
    (ready) => {
      if (ready) answerJson(response, { ready: true });
      else answerNotReady(response, { ready: false });
    },
    () => {
      answerNotReady(response, { ready: false });
    },
  );
}

/** The protocol has a status for it and no error; who asks for what is not there is told so. */
function answerModelReady(
  { service }: RestOptions,
  response: ServerResponse,
  { model, version }: { readonly model: string; readonly version: string | undefined },
): void {
  if (service.modelReady(model, version)) {
    answerJson(response, { name: model, ready: true });
    return;
  }
  const found = service.modelMetadata(model, version);
  if (found.ok) answerNotReady(response, { name: model, ready: false });
  else answerRefusal(response, found.rejection);
}

const answerNotReady = (response: ServerResponse, body: unknown): void => {
  answer(response, 503, Buffer.from(JSON.stringify(body)), { 'content-type': 'application/json', 'retry-after': '1' });
};

/** Triton's clients send an empty body; `ready` leaves out what is not. */
function answerIndex({ service, admission }: RestOptions, request: IncomingMessage, response: ServerResponse): void {
  readBody(
    request,
    smallBytes,
    (body) => {
      const parsed = body.length === 0 ? undefined : parseJson(body);
      if (parsed?.ok === false) {
        admission.count('malformed');
        answerRefusal(response, parsed.rejection);
        return;
      }
      const readyOnly = isObject(parsed?.value) && parsed.value['ready'] === true;
      answerJson(
        response,
        service.repositoryIndex().filter(({ state }) => !readyOnly || state === 'READY'),
      );
    },
    () => {
      admission.count('too_large');
      refuseBeforeBody(request, response, tooLarge(smallBytes));
    },
  );
}
