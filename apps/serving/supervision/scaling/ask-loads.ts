import { controlSubjects, servingLoad, type ServingLoad, type ServingMember } from '#libs/contracts/index.js';
import type { NatsConnection } from '#libs/nest/index.js';

/** One that is too busy to answer in time is not heard: what it has to do shows at the next look. */
const answerWithinMs = 800;

/** Asks every registered serving process how busy it is. Those that do not answer are left out. */
export async function askLoads(
  connection: NatsConnection,
  listMembers: () => Promise<readonly ServingMember[]>,
): Promise<readonly ServingLoad[]> {
  const members = await listMembers();
  const answers = await Promise.all(
    members.map(async ({ instance }) => {
      try {
        const message = await connection.request(controlSubjects.load(instance), undefined, {
          timeout: answerWithinMs,
        });
        return servingLoad.parse(message.json());
      } catch {
        return null;
      }
    }),
  );
  return answers.filter((answer) => answer !== null);
}
