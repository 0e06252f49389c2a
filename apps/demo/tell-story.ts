import { given, type Shown, type Step, type Story } from './story.js';
import { span } from './text/words.js';

/** Step by step: its title, what it says, where it can be looked at, how long it took. */
export async function tellStory(steps: readonly Step[], story: Story): Promise<void> {
  for (const [at, step] of steps.entries()) {
    const began = performance.now();
    story.screen.line(`\n${at + 1}/${steps.length} ${step.title}`);
    try {
      await step.run(story);
    } finally {
      story.screen.settle();
    }
    for (const shown of step.shownAt(story)) story.screen.line(`  → ${addressOf(shown, story)}`);
    story.screen.line(`  ${span(performance.now() - began)}`);
  }
}

function addressOf(shown: Shown, story: Story): string {
  if ('path' in shown) return `${given(story, 'platform').url}${shown.path}`;
  return 'file' in shown ? shown.file : shown.command;
}
