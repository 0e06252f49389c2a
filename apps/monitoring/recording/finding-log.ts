import {
  catalogueOf,
  monitoringEvents,
  subjects,
  type CommandMeta,
  type MonitoringEvent,
} from '#libs/contracts/index.js';
import { conditionsOf, monitorDefinition, type ConditionChange } from '#libs/domain/index.js';
import { EventReader, isUnknown, type AggregateStore, type StreamStore } from '#libs/event-log/index.js';
import { randomIds } from '#libs/kernel/index.js';
import { commandMeta } from '#libs/nest/index.js';
import { settled, type Patience } from './settled.js';
import { encoded } from './unfit.js';

export interface FindingLogOptions extends Patience {
  readonly deployment: string;
  readonly aggregates: Pick<AggregateStore, 'execute' | 'load' | 'recorded'>;
  readonly events: StreamStore;
}

/** The same for every process: what is found is found by whoever watches. */
const actor = 'system:monitoring';
const call = 'record finding';
/** Findings of a page: one of many columns takes 200 kB. */
const pageRecords = 64;

/** Findings of one deployment on EVENTS. A log that is away is waited for; otherwise every function fails as the log does. */
export class FindingLog {
  readonly #reader: EventReader<MonitoringEvent>;

  constructor(private readonly options: FindingLogOptions) {
    this.#reader = new EventReader<MonitoringEvent>(options.events, catalogueOf(monitoringEvents));
  }

  /** @param key the same whenever this finding is recorded, and no other's */
  record(finding: MonitoringEvent, key: string) {
    const { deployment, aggregates } = this.options;
    const command = { type: 'RecordFinding', finding } as const;
    const meta = this.#metaOf(finding, key);
    return settled(() => aggregates.execute(monitorDefinition, deployment, command, meta), this.options);
  }

  /** Undefined where nothing was recorded under the key; a rejection where that was another finding. */
  recorded(finding: MonitoringEvent, key: string) {
    const { deployment, aggregates } = this.options;
    const meta = this.#metaOf(finding, key);
    return settled(() => aggregates.recorded(monitorDefinition, deployment, meta), this.options);
  }

  /** What is open, as the log's leader has it. */
  load() {
    const { deployment, aggregates } = this.options;
    return settled(() => aggregates.load(monitorDefinition, deployment, { consistency: 'leader' }), this.options);
  }

  /** Those ids that any of the deployment's findings has ever had: all of them are read. */
  async known(wanted: readonly Pick<ConditionChange, 'finding_id'>[]): Promise<ReadonlySet<string>> {
    const ids = new Set(wanted.map(({ finding_id }) => finding_id));
    const known = new Set<string>();
    const filter = { aggregate: subjects.monitor(this.options.deployment) };
    for (let next: number | undefined = ids.size === 0 ? undefined : 1; next !== undefined;) {
      const from = next;
      const { records, nextSeq } = await settled(() => this.#reader.page(from, pageRecords, filter), this.options);
      for (const record of records)
        for (const { finding_id } of isUnknown(record) ? [] : conditionsOf(record.event))
          if (ids.has(finding_id)) known.add(finding_id);
      next = nextSeq;
    }
    return known;
  }

  /** @param seq in EVENTS. Undefined where no finding stands there that can be read. */
  async at(seq: number): Promise<MonitoringEvent | undefined> {
    const record = await settled(() => this.#reader.read(seq), this.options);
    return record === undefined || isUnknown(record) ? undefined : record.event;
  }

  #metaOf(finding: MonitoringEvent, idempotencyKey: string): CommandMeta {
    const { at, configuration_seq: configSeq } = finding.data;
    return encoded(() =>
      commandMeta({
        ...{ actor, call, target: this.options.deployment, idempotencyKey, body: finding },
        ...{ at: Date.parse(at), ids: randomIds },
        ...(configSeq > 0 && { configSeq }),
      }),
    );
  }
}
