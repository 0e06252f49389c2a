import PlainEnvironment from './environment.mjs';

/**
 * Jest runs a test file in a realm of its own. ONNX Runtime's addon makes and checks typed arrays of the outer realm,
 * where `instanceof` denies those of the test's: a spec that runs models shares the outer constructors, by
 * `@jest-environment ./tests/support/onnx-environment.mjs` in its first comment.
 */
export default class OnnxEnvironment extends PlainEnvironment {
  /** @override */
  async setup() {
    await super.setup();
    Object.assign(this.global, {
      ArrayBuffer,
      Float32Array,
      Float64Array,
      BigInt64Array,
      BigUint64Array,
      Int32Array,
      Uint32Array,
      Int16Array,
      Uint16Array,
      Int8Array,
      Uint8Array,
      Uint8ClampedArray,
    });
  }
}
