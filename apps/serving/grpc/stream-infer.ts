import type { ServerDuplexStream } from '@grpc/grpc-js';
import { rejection, type Rejection } from '#libs/contracts/index.js';
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
  /** How the stream ends once what is under way is answered; null: it goes on. */
  #ending: 'answered' | 'cut_off' | null = null;
  #over = false;
  /** The client reads slower than it is answered. */
  #full = false;

  /** `onClosed`: when the stream has ended in whatever way; it may be told more than once. */
  constructor(
    private readonly call: InferStream,
    private readonly infer: (message: InferRequestMessage) => Promise<InferAnswer>,
    onClosed: () => void,
  ) {
    call.on('data', (message: InferRequestMessage) => void this.#take(message));
    call.on('end', () => {
      this.#endAs('answered');
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

  /**
   * Takes no further requests. When those under way are answered, the client is told to go elsewhere: an end without an
   * error would pass over what it sent meanwhile.
   */
  cutOff(): void {
    this.#endAs('cut_off');
  }

  #endAs(ending: 'answered' | 'cut_off'): void {
    this.#ending ??= ending;
    this.#flow();
  }

  async #take(message: InferRequestMessage): Promise<void> {
    if (this.#ending !== null) return;
    this.#underWay += 1;
    this.#flow();
    const answer = await this.infer(message);
    this.#underWay -= 1;
    if (this.#over) return;
    if (answer.ok) this.#write({ error_message: '', infer_response: answer.value });
    else {
      const { code } = answer.rejection;
      if (code === 'authentication_required' || code === 'invalid_token' || code === 'forbidden') {
        this.#fail(answer.rejection);
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

  /** Ends the stream with an error, behind what is written. */
  #fail(refusal: Rejection): void {
    this.#over = true;
    this.call.emit('error', refusedStatus(refusal));
  }

  #flow(): void {
    if (this.#over) return;
    if (this.#ending !== null && this.#underWay === 0) {
      if (this.#ending === 'cut_off') this.#fail(stopping());
      else {
        this.#over = true;
        this.call.end();
      }
    } else if (this.#full || this.#underWay >= window || this.#ending !== null) this.call.pause();
    else this.call.resume();
  }
}

const stopping = (): Rejection =>
  rejection('unavailable', 'this process stops: what was not answered may be sent again, over another connection');
