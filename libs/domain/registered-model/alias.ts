import { championAlias, rejection, type ModelEvent, type Rejection } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import type { RemoveAlias, SetAlias } from './commands.js';
import { requireUsable, requireVersion, type ModelState } from './state.js';

export function setAlias({ model, alias, version }: SetAlias, state: ModelState): Result<ModelEvent, Rejection> {
  const found = requireUsable(state, model, version);
  if (!found.ok) return found;
  if (alias === championAlias) return reject(reserved(model));
  const former = Object.hasOwn(state.aliases, alias) ? state.aliases[alias]! : null;
  if (former === found.value.version)
    return reject(rejection('no_change', `${alias} of ${model} is ${former} already`));
  return accept({ type: 'AliasSet', data: { model, alias, version: found.value.version, former } });
}

export function removeAlias({ model, alias }: RemoveAlias, state: ModelState): Result<ModelEvent, Rejection> {
  if (alias === championAlias) return reject(reserved(model));
  const found = requireVersion(state, model, alias, 'alias');
  if (!found.ok) return found;
  return accept({ type: 'AliasRemoved', data: { model, alias, former: found.value.version } });
}

const reserved = (model: string): Rejection =>
  rejection('alias_reserved', `${championAlias} of ${model} is the version in production: promote or roll back`, [
    { path: 'alias', message: `expected another name than ${championAlias}` },
  ]);
