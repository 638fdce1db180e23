import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';

/** What a command reads and writes, so that a test can stand in for a person or a pipe. */
export interface Terminal {
  readonly env: { readonly [name: string]: string | undefined };
  /** Whether a person can be asked something. */
  readonly canAsk: boolean;
  /** The answer is wanted: standard output. Ends the line. */
  out(text: string): void;
  /** Everything else: standard error. Ends the line. */
  err(text: string): void;
  ask(question: string): Promise<string>;
  /** Colour where standard output is a terminal that has not been asked for none (no-color.org). */
  paint(style: Style, text: string): string;
}

type Style = 'good' | 'bad' | 'quiet' | 'strong';

const FORMATS = { good: 'green', bad: 'red', quiet: 'dim', strong: 'bold' } as const;

/** The terminal, or the pipes, of this process. */
export function openTerminal(process: NodeJS.Process): Terminal {
  const { env, stdin, stdout, stderr } = process;
  const hasColour = stdout.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  return {
    env,
    canAsk: stdin.isTTY === true && stderr.isTTY === true,
    out: (text) => void stdout.write(harmless(`${text}\n`)),
    err: (text) => void stderr.write(harmless(`${text}\n`)),
    ask: async (question) => {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
    paint: (style, text) => (hasColour ? styleText(FORMATS[style], text, { validateStream: false }) : text),
  };
}

/**
 * Control characters but for ends of lines (LF, and CR LF as CSV has it) and the colours that `paint` makes, and what
 * reverses the reading direction.
 */
const HARMFUL = /(?!\u001b\[\d{1,2}m|\r\n)[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Conditions and names are written by other people: none of them steers the terminal of whoever reads them. */
function harmless(text: string): string {
  return text.replaceAll(HARMFUL, '\ufffd');
}

/** A value as JSON that `out` prints as it is: what would be replaced there is escaped, which JSON reads as the same. */
export function toPrintableJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent);
  return text.replaceAll(HARMFUL, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
