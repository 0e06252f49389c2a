/** What was said of a model's versions: evaluations, requests, approvals and rejections. */
import type { api, Evaluation } from '#libs/contracts/index.js';
import { asOf, groupBy, type Queryable } from '#libs/projecting/index.js';

type Reviews = Pick<api.VersionView, 'requests' | 'approvals' | 'evaluations'>;
type OfVersion<View> = View & { readonly version: string };

/** Of one version or of all, in order of recording. */
export async function reviewsOf(
  database: Queryable,
  model: string,
  seq: number,
  version?: string,
): Promise<(version: string) => Reviews> {
  const select = async <View>(columns: string, table: string): Promise<Map<string, View[]>> => {
    const { rows } = await database.query<OfVersion<View>>(
      `select x.version, ${columns}, x.valid_from_seq as seq from registry.${table} x
       where x.model = $2 and ${asOf('$1', 'x')} ${version === undefined ? '' : 'and x.version = $3'}
       order by x.valid_from_seq`,
      version === undefined ? [seq, model] : [seq, model, version],
    );
    const byVersion = groupBy(rows, (row) => row.version);
    return new Map(
      [...byVersion].map(([key, of]) => [key, of.map(({ version: _version, ...view }) => view as unknown as View)]),
    );
  };
  const requests = await select<api.VersionView['requests'][number]>(
    'x.target as "to", x.actor, x.reason, x.at',
    'requests',
  );
  const approvals = await select<api.ApprovalView>(
    'x.target as "to", x.decision, x.actor, x.reason, x.at, x.expires_at',
    'approvals',
  );
  const evaluations = await select<EvaluationRow>('x.evaluation, x.actor, x.at', 'evaluations');
  return (of) => ({
    requests: requests.get(of) ?? [],
    approvals: approvals.get(of) ?? [],
    evaluations: (evaluations.get(of) ?? []).map(({ evaluation, ...said }) => ({ ...evaluation, ...said })),
  });
}

interface EvaluationRow {
  readonly evaluation: Evaluation;
  readonly actor: string;
  readonly at: string;
  readonly seq: number;
}
