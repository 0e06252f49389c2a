import { given, type Shown, type Step, type Story } from './story.js';
import { span } from './text/words.js';

/** Step by step: its title, what it says, where it can be looked at, how long it took. An address has to answer. */
export async function tellStory(steps: readonly Step[], story: Story): Promise<void> {
  for (const [at, step] of steps.entries()) {
    const began = performance.now();
    story.screen.line(`\n${at + 1}/${steps.length} ${step.title}`);
    try {
      await step.run(story);
    } finally {
      story.screen.settle();
    }
    for (const shown of step.shownAt(story)) await show(shown, story);
    story.screen.line(`  ${span(performance.now() - began)}`);
  }
}

async function show(shown: Shown, story: Story): Promise<void> {
  const address = addressOf(shown, story);
  story.screen.whole(`  → ${address}`);
  if (!('path' in shown)) return;
  const status = await given(story, 'api').statusOf(shown.path);
  if (status !== 200) story.failures.push(`${address} answers ${status}, expected 200`);
}

function addressOf(shown: Shown, story: Story): string {
  if ('path' in shown) return `${given(story, 'platform').url}${shown.path}`;
  return 'file' in shown ? shown.file : shown.command;
}
