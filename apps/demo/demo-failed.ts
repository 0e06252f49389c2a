import { ModelogError } from '#libs/kernel/index.js';

/** The demo cannot go on. */
export class DemoFailed extends ModelogError {
  constructor(message: string, options?: ErrorOptions) {
    super('demo_failed', message, options);
  }
}
