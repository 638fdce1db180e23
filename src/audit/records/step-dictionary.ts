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

  /** Where the step with this key stands in full, or undefined. */
  find(key: string): string | undefined {
    const known = this.recent.get(key);
    if (known !== undefined) return known;
    const old = this.older.get(key);
    if (old !== undefined) this.add(key, old);
    return old;
  }

  /** The step with this key stands in full there. */
  add(key: string, reference: string): void {
    if (this.characters >= GENERATION_CHARACTERS) {
      this.older = this.recent;
      this.recent = new Map();
      this.characters = 0;
    }
    this.recent.set(key, reference);
    this.characters += key.length;
  }

  /** Nothing stands anywhere: another segment begins, or records that were counted on are not there. */
  clear(): void {
    this.recent = new Map();
    this.older = new Map();
    this.characters = 0;
  }
}
