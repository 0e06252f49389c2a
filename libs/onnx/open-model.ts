import { heldBy } from './attributes.js';
import { readModel, type GraphMessage, type ModelMessage, type NodeMessage, type TensorMessage } from './messages.js';
import { Refused } from './rejection.js';
import { MalformedMessage } from './wire.js';

/** protobuf's own limit for one message. */
const largestModel = 0x7fffffff;

/**
 * Reads a model and refuses what could not be loaded from one run of bytes.
 * @throws Refused `not_onnx` or `external_data`.
 */
export function openModel(bytes: Uint8Array): ModelMessage {
  if (bytes.length === 0) throw new Refused('not_onnx', 'the artifact has 0 bytes; expected an ONNX model');
  if (bytes.length > largestModel) {
    throw new Refused('not_onnx', `the artifact has ${bytes.length} bytes; an ONNX file holds at most ${largestModel}`);
  }
  const other = formatOf(bytes);
  if (other !== null) throw new Refused('not_onnx', `the bytes are no ONNX model: they look like ${other}`);
  const { graph, ...model } = readOrRefuse(bytes);
  if (graph === null || model.irVersion <= 0) {
    const absent = graph === null ? 'no graph' : 'no IR version';
    throw new Refused('not_onnx', `the bytes are no ONNX model: they hold ${absent}`);
  }
  const opened: ModelMessage = { ...model, graph };
  refuseExternalData(opened);
  return opened;
}

function readOrRefuse(bytes: Uint8Array): ReturnType<typeof readModel> {
  try {
    return readModel(bytes);
  } catch (thrown) {
    if (!(thrown instanceof MalformedMessage)) throw thrown;
    const guess = thrown.truncated && startsLikeOnnx(bytes) ? ' (a truncated file?)' : '';
    throw new Refused('not_onnx', `the bytes are no ONNX model: ${thrown.message}${guess}`);
  }
}

/** Every exporter writes the IR version, field 1, first. */
const startsLikeOnnx = (bytes: Uint8Array): boolean => bytes[0] === 0x08 && (bytes[1] ?? 0) > 0 && bytes[1]! < 32;

function refuseExternalData({ graph, functions }: ModelMessage): void {
  const tensor = externalIn(graph) ?? externalInNodes(functions);
  if (tensor === undefined) return;
  throw new Refused(
    'external_data',
    `tensor '${tensor.name}' keeps its data in another file; export the model as one file, without external data`,
  );
}

/** Branches and loops hold graphs of their own. Exporters nest a few; a crafted file could nest until the stack ends. */
const deepestNesting = 32;

function externalIn({ initializers, sparseInitializers, nodes }: GraphMessage, depth = 0): TensorMessage | undefined {
  if (depth > deepestNesting) throw new Refused('not_onnx', `graphs are nested more than ${deepestNesting} deep`);
  for (const tensor of initializers.values()) if (tensor.external) return tensor;
  return sparseInitializers.find(({ external }) => external) ?? externalInNodes(nodes, depth);
}

function externalInNodes(nodes: readonly NodeMessage[], depth = 0): TensorMessage | undefined {
  for (const node of nodes) {
    const { tensors, graphs } = heldBy(node);
    const tensor = tensors.find(({ external }) => external);
    if (tensor !== undefined) return tensor;
    for (const graph of graphs) {
      const nested = externalIn(graph, depth + 1);
      if (nested !== undefined) return nested;
    }
  }
  return undefined;
}

/** Formats that people upload by mistake, by their first bytes. */
function formatOf(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64));
  const text = head.toString('latin1');
  if (text.startsWith('PK\u0003\u0004')) return 'a zip archive (a PyTorch .pt, a Keras .keras or a zipped model?)';
  if (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5) return 'a Python pickle (a scikit-learn or joblib dump?)';
  if (text.startsWith('\u0089HDF')) return 'an HDF5 file (a Keras .h5?)';
  if (text.startsWith('\u001f\u008b')) return 'gzip-compressed data';
  if (text.startsWith('\u0093NUMPY')) return 'a NumPy array';
  if (text.startsWith('PAR1')) return 'a Parquet file';
  if (text.startsWith('tree\nversion=')) return 'a LightGBM text model';
  if (text.slice(4, 8) === 'TFL3') return 'a TensorFlow Lite model';
  if (text.slice(4, 8) === 'ORTM') return "ONNX Runtime's own .ort format";
  if (/^\s*[{[]/.test(text)) return 'JSON text (an XGBoost JSON model?)';
  if (/^\s*<(?:!doctype|html|\?xml)/i.test(text)) return 'an HTML or XML page';
  if (text.slice(8, 10) === '{"') return 'a safetensors file';
  return null;
}
