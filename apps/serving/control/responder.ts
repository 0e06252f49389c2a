import type { controlSubjects } from '#libs/contracts/index.js';
import type { Logger, NatsConnection } from '#libs/nest/index.js';

/** What a serving process answers when it is asked, by the last token of the subject. Each gives what goes out as JSON. */
export type ControlHandlers = Partial<Record<keyof typeof controlSubjects, ControlHandler>>;
export type ControlHandler = (data: Uint8Array) => unknown;

export interface RespondToControlOptions {
  readonly connection: NatsConnection;
  readonly subjects: typeof controlSubjects;
  readonly instance: string;
  readonly handlers: ControlHandlers;
  readonly logger: Logger;
}

/** Answers from now on; what a handler throws is logged and left without an answer. @returns a function that stops it. */
export function respondToControl({ connection, subjects, instance, handlers, logger }: RespondToControlOptions) {
  const answering = (Object.keys(subjects) as (keyof typeof subjects)[]).flatMap((what) => {
    const handler = handlers[what];
    if (handler === undefined) return [];
    const subscription = connection.subscribe(subjects[what](instance), {
      callback: (error, message) => {
        if (error !== null) return;
        Promise.resolve(message.data)
          .then(handler)
          .then((answer) => message.respond(JSON.stringify(answer)))
          .catch((failure: unknown) => {
            logger.warn({ err: failure, asked: what }, 'the serving process could not answer');
          });
      },
    });
    return [subscription];
  });
  return (): void => {
    for (const subscription of answering) subscription.unsubscribe();
  };
}
