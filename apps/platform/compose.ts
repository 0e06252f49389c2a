import { ModelogError } from '#libs/kernel/index.js';
import { runApp, type RunningApp } from '#libs/nest/index.js';

/** Apps that can share a process. They are started by path: apps never import each other, and neither does this. */
const programs: Readonly<Record<string, string>> = {
  api: '../api/main.js',
  projector: '../projector/main.js',
  'serving-supervisor': '../serving/supervisor-main.js',
  orchestrator: '../orchestrator/main.js',
};

/** Starts the named apps one after the other; their stop goes the other way. */
async function startAll(names: readonly string[]): Promise<RunningApp> {
  const running: RunningApp[] = [];
  const stop = async (): Promise<void> => {
    for (const app of running.splice(0).reverse()) await app.stop();
  };
  try {
    for (const name of names) running.push(await startApp(name));
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

async function startApp(name: string): Promise<RunningApp> {
  const program = programs[name];
  if (program === undefined) {
    throw new ModelogError(
      'unknown_app',
      `no app ${JSON.stringify(name)}: expected ${Object.keys(programs).join(', ')}`,
    );
  }
  const module = (await import(program)) as { start?: () => Promise<RunningApp> };
  if (module.start === undefined) throw new ModelogError('unknown_app', `${program} exports no start()`);
  return module.start();
}

await runApp(() => startAll(process.argv.slice(2)), { component: 'control' });
