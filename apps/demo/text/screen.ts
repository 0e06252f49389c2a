/** Where the story is told: bars that are drawn over on a terminal, and lines elsewhere. */
export interface Screen {
  line(text: string): void;
  /** How far the running step is; drawn again when it has changed. */
  progress(done: number, total: number, text: string): void;
  /** The running step's bar is over. */
  settle(): void;
}

export interface Terminal {
  readonly isTTY: boolean;
  write(text: string): unknown;
}

/** Without a terminal a bar is a line at each quarter. */
const quarters = 4;

export function openScreen(out: Terminal): Screen {
  let bar = '';
  let quarter = 0;
  return {
    line(text) {
      out.write(`${bar === '' ? '' : erase}${text}\n${bar}`);
    },
    progress(done, total, text) {
      if (out.isTTY) {
        const next = barOf(done, total, text);
        if (next === bar) return;
        bar = next;
        out.write(`${erase}${bar}`);
        return;
      }
      const reached = total === 0 ? quarters : Math.floor((quarters * done) / total);
      if (reached <= quarter) return;
      quarter = reached;
      out.write(`  ${percentOf(done, total)} ${text}\n`);
    },
    settle() {
      if (bar !== '') out.write(erase);
      bar = '';
      quarter = 0;
    },
  };
}

const erase = '\r\u001b[K';
const width = 30;

function barOf(done: number, total: number, text: string): string {
  const filled = total === 0 ? width : Math.floor((width * Math.min(done, total)) / total);
  return `  ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${percentOf(done, total)} ${text}`;
}

const percentOf = (done: number, total: number): string =>
  `${String(total === 0 ? 100 : Math.floor((100 * Math.min(done, total)) / total)).padStart(3)} %`;
