import { wrapped } from './wrap.js';

/** Where the story is told: bars that are drawn over on a terminal, and lines elsewhere. */
export interface Screen {
  /** Wrapped where it is longer than the screen is wide. */
  line(text: string): void;
  /** To be copied: never wrapped. */
  whole(text: string): void;
  /** How far the running step is; drawn again when it has changed. */
  progress(done: number, total: number, text: string): void;
  /** The running step's bar is over. */
  settle(): void;
}

export interface Terminal {
  readonly isTTY: boolean;
  /** Undefined without a terminal. */
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Without a terminal a bar is a line at each quarter. */
const quarters = 4;

export function openScreen(out: Terminal): Screen {
  let bar = '';
  let quarter = 0;
  const whole = (text: string): void => {
    out.write(`${bar === '' ? '' : erase}${text}\n${bar}`);
  };
  return {
    whole,
    line(text) {
      const columns = Math.max(leastColumns, Math.min(mostColumns, out.columns ?? mostColumns));
      whole(
        text
          .split('\n')
          .flatMap((line) => wrapped(line, columns))
          .join('\n'),
      );
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

const leastColumns = 60;
const mostColumns = 100;

const erase = '\r\u001b[K';
const width = 30;

function barOf(done: number, total: number, text: string): string {
  const filled = total === 0 ? width : Math.floor((width * Math.min(done, total)) / total);
  return `  ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${percentOf(done, total)} ${text}`;
}

const percentOf = (done: number, total: number): string =>
  `${String(total === 0 ? 100 : Math.floor((100 * Math.min(done, total)) / total)).padStart(3)} %`;
