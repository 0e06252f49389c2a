import { Module, type DynamicModule } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { HealthModule } from '#libs/nest/index.js';
import { WhoAmIController } from './access/whoami.controller.js';
import { ArtifactsController } from './artifacts/artifacts.controller.js';
import { Commands } from './commands.js';
import { DataLocations } from './datasets/data-locations.js';
import { DatasetsController } from './datasets/datasets.controller.js';
import { GetDatasetHandler, GetDatasetVersionHandler, ListDatasetsHandler } from './datasets/read-datasets.js';
import { RegisterDatasetHandler } from './datasets/register-dataset.js';
import { DeployHandler } from './deployments/deploy.js';
import { DeploymentStatusHandler } from './deployments/deployment-status.js';
import { DeploymentsController } from './deployments/deployments.controller.js';
import { RetireDeploymentHandler } from './deployments/retire.js';
import { RollBackDeploymentHandler } from './deployments/roll-back.js';
import { EventsController } from './events/events.controller.js';
import { ListEventsHandler } from './events/list-events.js';
import { FeedbackController } from './feedback/feedback.controller.js';
import { RecordFeedbackHandler } from './feedback/record-feedback.js';
import { Predictions } from './feedback/resolve-predictions.js';
import { LineageController } from './lineage/lineage.controller.js';
import { ReadLineageHandler } from './lineage/read-lineage.js';
import { AnnotateVersionHandler } from './models/annotate-version.js';
import { ArchiveVersionHandler } from './models/archive-version.js';
import { BaselineProfiles } from './models/baseline-profiles.js';
import { RemoveAliasHandler, SetAliasHandler } from './models/change-alias.js';
import { CompareVersionsHandler } from './models/compare-versions.js';
import { DecideApprovalHandler } from './models/decide-approval.js';
import { ChampionFollowers } from './models/followers.js';
import { GuardedAppend } from './models/guarded-append.js';
import { ModelsController } from './models/models.controller.js';
import { OptimiseVersionHandler } from './models/optimise-version.js';
import { PromoteVersionHandler } from './models/promote-version.js';
import {
  GetModelHandler,
  GetVersionHandler,
  ListModelsHandler,
  ListVersionsHandler,
  ModelHistoryHandler,
} from './models/read-models.js';
import { RecordEvaluationHandler } from './models/record-evaluation.js';
import { RegisterModelHandler } from './models/register-model.js';
import { RollBackChampionHandler } from './models/roll-back-champion.js';
import { VersionRegistrar } from './models/version-registrar.js';
import { VersionsController } from './models/versions.controller.js';
import { MonitoringController } from './monitoring/monitoring.controller.js';
import { ReadFindingsHandler } from './monitoring/read-findings.js';
import { ReadMetricsHandler } from './monitoring/read-metrics.js';
import { ReadDriftHandler, ReadQualityHandler } from './monitoring/read-windows.js';
import { MetricsController } from './operations/metrics.controller.js';
import type { Parts } from './parts.js';
import { tokens } from './tokens.js';
import { CancelTrainingHandler } from './training/cancel-training.js';
import { JobLog } from './training/job-log.js';
import { NamedDatasets } from './training/named-dataset.js';
import { GetJobHandler, ListJobsHandler } from './training/read-jobs.js';
import { StartTrainingHandler } from './training/start-training.js';
import { TrainingController } from './training/training.controller.js';
import { JobTrials } from './training/trials.js';
import { ExplainHandler } from './why/explain.js';
import { PredictionLabels } from './why/prediction-labels.js';
import { RecordedChunks } from './why/recorded-chunks.js';
import { WhyController } from './why/why.controller.js';

const handlers = [
  RegisterModelHandler,
  AnnotateVersionHandler,
  RecordEvaluationHandler,
  DecideApprovalHandler,
  PromoteVersionHandler,
  RollBackChampionHandler,
  SetAliasHandler,
  RemoveAliasHandler,
  ArchiveVersionHandler,
  OptimiseVersionHandler,
  ListModelsHandler,
  GetModelHandler,
  ListVersionsHandler,
  GetVersionHandler,
  ModelHistoryHandler,
  CompareVersionsHandler,
  ReadLineageHandler,
  StartTrainingHandler,
  CancelTrainingHandler,
  GetJobHandler,
  ListJobsHandler,
  RegisterDatasetHandler,
  ListDatasetsHandler,
  GetDatasetHandler,
  GetDatasetVersionHandler,
  DeployHandler,
  RetireDeploymentHandler,
  RollBackDeploymentHandler,
  DeploymentStatusHandler,
  RecordFeedbackHandler,
  ExplainHandler,
  ReadMetricsHandler,
  ReadDriftHandler,
  ReadQualityHandler,
  ReadFindingsHandler,
  ListEventsHandler,
];

/** What several handlers share. */
const services = [
  GuardedAppend,
  VersionRegistrar,
  ChampionFollowers,
  BaselineProfiles,
  DataLocations,
  NamedDatasets,
  JobTrials,
  JobLog,
  RecordedChunks,
  PredictionLabels,
  Predictions,
];

@Module({})
export class AppModule {
  static with(parts: Parts): DynamicModule {
    return {
      module: AppModule,
      imports: [CqrsModule.forRoot(), HealthModule.register(parts.health)],
      controllers: [
        ArtifactsController,
        ModelsController,
        VersionsController,
        TrainingController,
        DatasetsController,
        LineageController,
        DeploymentsController,
        FeedbackController,
        WhyController,
        MonitoringController,
        EventsController,
        MetricsController,
        WhoAmIController,
      ],
      providers: [...partProviders(parts), Commands, ...services, ...handlers],
    };
  }
}

const partProviders = (parts: Parts) =>
  Object.entries(tokens).map(([name, provide]) => ({ provide, useValue: parts[name as keyof typeof tokens] }));
