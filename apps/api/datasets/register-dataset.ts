import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { z } from 'zod';
import type { ArtifactStore } from '#libs/artifacts/index.js';
import type { api, CommandMeta, DatasetEvent, DatasetProfile, DatasetSource } from '#libs/contracts/index.js';
import { datasetDefinition, type DatasetState } from '#libs/domain/index.js';
import type { Accepted, AggregateStore } from '#libs/event-log/index.js';
import { acceptedOrThrow, executeCommand } from '#libs/nest/index.js';
import { Commands } from '../commands.js';
import type { Caller } from '../http/caller.js';
import { orTooLarge } from '../models/event-size.js';
import { tokens } from '../tokens.js';
import { DataLocations, knownFormat } from './data-locations.js';
import { datasetProblem } from './dataset-problem.js';
import type { BytesAt, DatasetScanner } from './dataset-scanner.js';

type Body = z.infer<typeof api.registerDataset>;
export type DatasetRegistered = z.infer<typeof api.datasetRegistered>;

export class RegisterDataset extends Command<DatasetRegistered> {
  constructor(
    readonly body: Body,
    readonly caller: Caller,
  ) {
    super();
  }
}

@CommandHandler(RegisterDataset)
export class RegisterDatasetHandler implements ICommandHandler<RegisterDataset> {
  constructor(
    @Inject(tokens.store) private readonly store: AggregateStore,
    @Inject(tokens.artifacts) private readonly artifacts: ArtifactStore,
    @Inject(tokens.scanner) private readonly scanner: DatasetScanner,
    @Inject(Commands) private readonly commands: Commands,
    @Inject(DataLocations) private readonly locations: DataLocations,
  ) {}

  async execute({ body, caller }: RegisterDataset): Promise<DatasetRegistered> {
    const meta = this.commands.metaOf({ call: 'POST /api/datasets', target: body.name, body, caller });
    // A repeat is answered before the bytes are read again: they may be others by now.
    const recorded = await this.store.recorded(datasetDefinition, body.name, meta);
    const { event, eventId, seq } =
      recorded === undefined ? await this.register(body, meta) : acceptedOrThrow(recorded);
    const { name, version, digest, rows } = event.data;
    return { dataset: name, version, digest, rows, event_id: eventId, seq };
  }

  private async register(body: Body, meta: CommandMeta): Promise<Accepted<DatasetState, DatasetEvent>> {
    const { name, description = null } = body;
    const given = sourceOf(body);
    const path = 'uri' in given ? 'uri' : 'artifact';
    const source = { ...given, format: knownFormat(given, 'format') };
    const scanned = await this.scanner.scan(await this.bytesAt(source), source.format);
    if (!scanned.ok) throw datasetProblem(path, scanned.rejection);
    const { schema, ...profile } = scanned.value;
    const { format, digest, bytes, rows } = profile;
    const stored = await this.artifacts.put(jsonOf(profile));
    const registration = {
      ...{ name, digest, source, format, bytes, rows, schema, description },
      profile: stored.digest,
    };
    const command = { type: 'RegisterDataset', registration } as const;
    return orTooLarge({ what: 'data set', fields: registration }, () =>
      executeCommand(this.store, datasetDefinition, { id: name, command, meta }),
    );
  }

  private async bytesAt(source: DatasetSource): Promise<BytesAt> {
    const file = 'uri' in source ? await this.locations.fileOf(source.uri, 'uri') : null;
    return file === null ? { source } : { file };
  }
}

/** One of both is there: the body was checked for it. */
const sourceOf = ({ uri, artifact, format }: Body): DatasetSource => ({
  ...(uri === undefined ? { artifact: artifact! } : { uri }),
  ...(format === undefined ? {} : { format }),
});

async function* jsonOf(profile: DatasetProfile): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(JSON.stringify(profile)));
}
