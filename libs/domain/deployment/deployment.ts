/**
 * A deployment: an address with traffic. A deploy command asks for a version; the serving supervisor reports that the
 * version is loaded or cannot be loaded (traffic stays). Traffic moves with DeploymentWentLive, which a blue-green rollout
 * is ready for once it is prepared, and moves back with DeploymentRolledBack. A deployment that follows its model's
 * champion is asked by the supervisor whenever the champion has moved.
 * state.ts → commands.ts → one file for each kind of decision → evolve.ts.
 */
import {
  catalogueOf,
  deploymentEvents,
  subjects,
  type DeploymentEvent,
  type Rejection,
} from '#libs/contracts/index.js';
import { assertNever, type Decider } from '#libs/kernel/index.js';
import type { DeploymentCommand } from './commands.js';
import { deploy } from './deploy.js';
import { evolve } from './evolve.js';
import { follow } from './follow.js';
import { releaseFormer } from './release-former.js';
import { reportCrash } from './report-crash.js';
import { retire } from './retire.js';
import { rollBack } from './roll-back.js';
import { settle } from './settle.js';
import { deploymentState, noDeployment, type DeploymentState } from './state.js';

export const deployment: Decider<DeploymentCommand, DeploymentState, DeploymentEvent, Rejection> = {
  initialState: noDeployment,
  decide(command, state, by) {
    switch (command.type) {
      case 'Deploy':
        return deploy(command, state);
      case 'Follow':
        return follow(command, state);
      case 'MarkPrepared':
      case 'MarkLive':
      case 'MarkFailed':
        return settle(command, state);
      case 'RollBack':
        return rollBack(command, state);
      case 'ReleaseFormer':
        return releaseFormer(command, state);
      case 'ReportCrash':
        return reportCrash(command, state, by);
      case 'Retire':
        return retire(command, state);
      default:
        return assertNever(command, 'deployment command');
    }
  },
  evolve,
};

export const deploymentDefinition = {
  category: 'deployment',
  subjectOf: subjects.deployment,
  decider: deployment,
  catalogue: catalogueOf(deploymentEvents),
  snapshot: {
    version: 3,
    encode: (state: DeploymentState): unknown => state,
    decode: (stored: unknown): DeploymentState => deploymentState.parse(stored),
  },
} as const;
