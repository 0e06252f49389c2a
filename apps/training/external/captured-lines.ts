import { StringDecoder } from 'node:string_decoder';

export interface LineLimits {
  /** Characters of a line; what is beyond them is counted. */
  readonly line: number;
  /** Lines, and characters in all, that are passed on; what is beyond either is counted. */
  readonly lines: number;
  readonly characters: number;
}

export const standardLimits: LineLimits = { line: 8000, lines: 10_000, characters: 1024 * 1024 };

/** Lines that are kept for a failure's message. */
const keptLines = 20;

/** What a program prints, line by line and within limits, however much it is. */
export class CapturedLines {
  readonly #last: string[] = [];
  #lines = 0;
  #characters = 0;
  #leftOut = 0;

  constructor(
    private readonly onLine: (line: string) => void,
    private readonly limits: LineLimits = standardLimits,
  ) {}

  /** Reads a stream to its end. A carriage return ends a line too, as progress bars write it. */
  follow(stream: NodeJS.ReadableStream): void {
    const decoder = new StringDecoder('utf8');
    let line = '';
    let cut = 0;
    const end = (): void => {
      if (line !== '') this.#take(cut === 0 ? line : `${line}… (${cut} more characters)`);
      line = '';
      cut = 0;
    };
    const read = (text: string): void => {
      for (const [place, piece] of text.split(/[\r\n]/).entries()) {
        if (place > 0) end();
        const room = this.limits.line - line.length;
        line += piece.slice(0, room);
        cut += Math.max(0, piece.length - room);
      }
    };
    stream.on('data', (bytes: Buffer) => {
      read(decoder.write(bytes));
    });
    stream.on('end', () => {
      read(decoder.end());
      end();
    });
  }

  /** Says how much was left out, once all streams have ended. */
  close(): void {
    if (this.#leftOut > 0) this.onLine(`${this.#leftOut} lines left out`);
  }

  /** The last lines that were printed, passed on or not. */
  get last(): readonly string[] {
    return this.#last;
  }

  #take(text: string): void {
    const line = text.replaceAll('\0', '\ufffd').toWellFormed();
    if (this.#last.push(line) > keptLines) this.#last.shift();
    if (this.#lines >= this.limits.lines || this.#characters + line.length > this.limits.characters) {
      this.#leftOut++;
      return;
    }
    this.#lines++;
    this.#characters += line.length;
    this.onLine(line);
  }
}
