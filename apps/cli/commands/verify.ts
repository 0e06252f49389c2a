import type { Io } from '../io.js';
import { findAddresses, openServers } from '../offline/servers.js';
import { verifyAll, type Problem, type Verification } from '../offline/verify.js';

/** Verifies the log and the read models without any app of Modelog. False when something is wrong. */
export async function verify(io: Io, { json }: { readonly json: boolean }): Promise<boolean> {
  const servers = await openServers(findAddresses(io.env));
  try {
    const verification = await verifyAll(servers, io);
    if (json) io.out(JSON.stringify({ ok: verification.problems.length === 0, ...verification }));
    else for (const line of told(verification)) io.out(line);
    return verification.problems.length === 0;
  } finally {
    await servers.close();
  }
}

function told({ events, traffic, windows, read_models, problems }: Verification): string[] {
  const ticks = traffic.ticks === 0 ? '' : `, ${traffic.ticks} ticks`;
  const repeats = traffic.repeated === 0 ? '' : `, ${traffic.repeated} stored twice`;
  return [
    ...problems.map(problemLine),
    `EVENTS   ${events.events} events of ${events.aggregates} aggregates, up to sequence ${events.lastSeq}: ${verdict(events.problems)}`,
    `TRAFFIC  ${traffic.chunks} chunks with ${traffic.rows} predictions${repeats}, ${traffic.labels} labels${ticks}, up to sequence ${traffic.lastSeq}: ${verdict(traffic.problems)}`,
    `WINDOWS  ${windows.windows} windows, ${windows.measurements} measurements of labels, up to sequence ${windows.lastSeq}: ${verdict(windows.problems)}`,
    ...read_models.map(
      ({ read_model, position, digest }) =>
        `Read model ${read_model} equals a rebuild at ${position} (${digest.slice(0, 16)})`,
    ),
    problems.length === 0 ? 'Everything holds' : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`,
  ];
}

const problemLine = ({ where, at, code, detail }: Problem): string => `${where} ${at}: ${code}: ${detail}`;

const verdict = (problems: number): string => (problems === 0 ? 'intact' : `${problems} problems`);
