import { join } from 'node:path';

/** 100 trees, 30 features, two classes; forest-100x30.py made it. */
export const forestFile = join(import.meta.dirname, 'forest-100x30.onnx');
