import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ModelogError } from '#libs/kernel/index.js';
import { which } from '../nats-server/on-path.js';
import { run, succeeded } from '../processes/run.js';

/** PostgreSQL refuses to run as root. This is who runs it instead. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** How a program is started under an account. */
export interface Launcher {
  readonly account: Account | undefined;
  wrap(command: string, args: readonly string[]): WrappedCommand;
}

export interface WrappedCommand {
  readonly command: string;
  readonly args: string[];
  readonly uid?: number;
  readonly gid?: number;
}

const accountNames = ['postgres', 'nobody'];

/** Undefined unless this process is root. */
export async function accountForPostgres(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of accountNames) {
    const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, name], { timeoutMs: 10_000 })));
    if (uid !== undefined && gid !== undefined && succeeded(uid) && succeeded(gid)) {
      return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) };
    }
  }
  throw new ModelogError(
    'postgres_account_missing',
    `PostgreSQL refuses to run as root, and neither of the users ${accountNames.join(' and ')} exists: start as an ordinary user, or give a server with DATABASE_URL`,
  );
}

/**
 * As root, programs are started under the account. Where the account may not enter a folder above the ones it needs
 * (a checkout in root's private home), it is given the one capability of passing through folders, by setpriv(1).
 *
 * @param needed folders and programs that the account must reach
 * @throws ModelogError `folder_closed` naming the folder, where that is impossible
 */
export async function launcherFor(account: Account | undefined, needed: readonly string[]): Promise<Launcher> {
  if (account === undefined) return { account, wrap: (command, args) => ({ command, args: [...args] }) };
  const { uid, gid } = account;
  const closed = await firstClosedFolder(account, needed);
  if (closed === undefined) return { account, wrap: (command, args) => ({ command, args: [...args], uid, gid }) };
  const setpriv = await which('setpriv', process.env.PATH ?? '');
  const capability = setpriv === undefined ? undefined : await passingCapability(setpriv, account, closed);
  if (setpriv === undefined || capability === undefined) {
    throw new ModelogError(
      'folder_closed',
      `PostgreSQL runs as user ${account.name}, who may not enter ${closed}: chmod o+x that folder, or set MODELOG_DATA_DIR (and the checkout) elsewhere`,
    );
  }
  return {
    account,
    wrap: (command, args) => ({ command: setpriv, args: [...withCapability(account, capability), command, ...args] }),
  };
}

/** The first folder on the way to one of `paths` that the account may not pass. Access control lists are not looked at. */
export async function firstClosedFolder(account: Account, paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    for (const folder of ancestors(resolve(path))) {
      const { mode, uid, gid } = await stat(folder);
      const search = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
      if ((mode & search) === 0) return folder;
    }
  }
  return undefined;
}

/** Containers often lack the narrow capability but have the wide one; the program it is given to is PostgreSQL's own. */
async function passingCapability(setpriv: string, account: Account, closed: string): Promise<string | undefined> {
  for (const capability of ['dac_read_search', 'dac_override']) {
    const args = [...withCapability(account, capability), 'ls', closed];
    if (succeeded(await run(setpriv, args, { timeoutMs: 10_000 }))) return capability;
  }
  return undefined;
}

const withCapability = ({ uid, gid }: Account, capability: string): string[] => [
  ...[`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'],
  ...[`--inh-caps=+${capability}`, `--ambient-caps=+${capability}`],
];

function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...ancestors(parent), parent];
}
