import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { InferAnswer } from './infer.js';
import { refusedStatus } from './status.js';
import type { InferRequestMessage, StreamInferResponseMessage } from './wire.js';

export type InferStream = ServerDuplexStream<InferRequestMessage, StreamInferResponseMessage>;

/** Requests of one stream that are under way; further ones wait with the client. */
const window = 64;

/**
 * Answers each request of a stream when it is done: in any order, told apart by their ids. A refused request is an answer
 * with an error message and the stream goes on, unless who sends it may not: that ends it.
 */
export class StreamInfer {
  #underWay = 0;
  #ending = false;
  #over = false;
  /** The client reads slower than it is answered. */
  #full = false;

  /** `onClosed`: once, when the stream has ended in whatever way. */
  constructor(
    private readonly call: InferStream,
    private readonly infer: (message: InferRequestMessage) => Promise<InferAnswer>,
    onClosed: () => void,
  ) {
    call.on('data', (message: InferRequestMessage) => void this.#take(message));
    call.on('end', () => {
      this.end();
    });
    call.on('drain', () => {
      this.#full = false;
      this.#flow();
    });
    const over = (): void => {
      this.#over = true;
      onClosed();
    };
    call.on('cancelled', over);
    call.on('close', over);
    call.on('error', over);
  }

  /** Takes no further requests; the stream ends when those under way are answered. */
  end(): void {
    this.#ending = true;
    this.#flow();
  }

  async #take(message: InferRequestMessage): Promise<void> {
    if (this.#ending) return;
    this.#underWay += 1;
    this.#flow();
    const answer = await this.infer(message);
    this.#underWay -= 1;
    if (this.#over) return;
    if (answer.ok) this.#write({ error_message: '', infer_response: answer.value });
    else {
      const { code } = answer.rejection;
      if (code === 'authentication_required' || code === 'invalid_token' || code === 'forbidden') {
        this.#over = true;
        this.call.emit('error', refusedStatus(answer.rejection));
        return;
      }
      const { model_name = '', id = '' } = message;
      this.#write({ error_message: answer.rejection.detail, infer_response: { model_name, id } });
    }
    this.#flow();
  }

  #write(response: StreamInferResponseMessage): void {
    this.#full = !this.call.write(response);
  }

  #flow(): void {
    if (this.#over) return;
    if (this.#ending && this.#underWay === 0) {
      this.#over = true;
      this.call.end();
    } else if (this.#full || this.#underWay >= window || this.#ending) this.call.pause();
    else this.call.resume();
  }
}
