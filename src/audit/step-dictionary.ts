/** Characters of steps that are remembered in one generation; there are two. */
const GENERATION_CHARACTERS = 2 * 1024 * 1024;

/**
 * The steps of paths that stand in full in the open segment, so that a record refers to them instead of repeating
 * them. Bounded: those that were not used for long are forgotten, and then stand in full once more.
 */
export class StepDictionary {
  private recent = new Map<string, string>();
  private older = new Map<string, string>();
  private characters = 0;

  /** Where a step of this text stands in full, or undefined. */
  find(text: string): string | undefined {
    const known = this.recent.get(text);
    if (known !== undefined) return known;
    const old = this.older.get(text);
    if (old !== undefined) this.add(text, old);
    return old;
  }

  /** A step of this text stands in full there. */
  add(text: string, reference: string): void {
    if (this.characters >= GENERATION_CHARACTERS) {
      this.older = this.recent;
      this.recent = new Map();
      this.characters = 0;
    }
    this.recent.set(text, reference);
    this.characters += text.length;
  }

  /** Nothing stands anywhere: another segment begins, or records that were counted on are not there. */
  clear(): void {
    this.recent = new Map();
    this.older = new Map();
    this.characters = 0;
  }
}
