/**
 * Every bound of a decision and of what is stored, with its reason. Reaching one denies with
 * `limit_exceeded` and names it (design, section 9); nothing hangs, and half a search is never passed off as a
 * whole one.
 */
export const LIMITS = {
  /** Edges in one delegation chain. A person can still read a path of this length; deeper is a loop or a mistake. */
  chainDepth: 32,
  /** Chains tried in one check. Beyond it nobody can say which chain carried a request, and time grows. */
  chainsPerCheck: 64,
  /** Live delegations for one (from, to, origin), so that nobody can fill up another one's `chainsPerCheck`. */
  delegationsPerPair: 16,
  /** Capabilities of one delegation. A longer list belongs into several delegations with names of their own. */
  capabilitiesPerDelegation: 64,
  /** Action or resource patterns in one capability: each is compared in a check. */
  patternsPerCapability: 64,
  /** Longest session that an activation may open, in seconds: 30 days. A longer one is standing in disguise. */
  sessionSeconds: 30 * 24 * 3600,
  /** Steps of one decision, shared by conditions, membership and chains: some tens of milliseconds at worst. */
  decisionSteps: 100_000,
  /** Rewrites and usersets nested in one membership question (OpenFGA's default is 25 as well). */
  relationshipDepth: 25,
  /** Characters of one CEL expression. */
  celSource: 4096,
  /** Nesting of a CEL expression's syntax tree. */
  celDepth: 60,
  /** Nodes of a CEL expression's syntax tree. */
  celNodes: 2000,
  /** Comprehensions (all, exists, map, filter) inside one another: each level multiplies the time. */
  celComprehensions: 3,
  /** Nesting of attributes, arguments and context that come with a request or into the directory. */
  inputDepth: 32,
  /** Values (scalars, lists, maps) in one such document. */
  inputNodes: 10_000,
  /** Attributes that one question leaves open. */
  openAttributes: 64,
  /** Bytes of an id, without its type. */
  idBytes: 256,
  /** Characters of a type's name (OpenFGA's bound). */
  typeLength: 254,
  /** Bytes of one HTTP body. */
  bodyBytes: 1024 * 1024,
  /** Evaluations in one AuthZEN batch. */
  batchItems: 256,
  /** Milliseconds that a batch of questions is decided at a stretch; between two, whoever asks one gets its turn. */
  batchTurnMs: 5,
  /** Milliseconds for a whole batch: items that are left then are errors, not decisions. */
  batchMs: 5000,
  /** Bytes of one MCP message: results carry files in base64, and more blocks the process for a second. */
  messageBytes: 16 * 1024 * 1024,
  /** Nesting of one MCP message. JSON schemas of tools nest deep; parsers of other languages stop at 64 or 100. */
  messageDepth: 128,
  /** Lists and objects in one MCP message: each takes ten times the memory that its two bytes took. */
  messageContainers: 500_000,
  /** Expressions of one declared mapping of an MCP tool: each is compiled when the tool is listed. */
  mappingExpressions: 128,
  /** Questions that one declared mapping may add to a call; with them the batch stays well below `batchItems`. */
  mappingQuestions: 64,
  /** Tuples in one relationship write (OpenFGA's default is 100). */
  tuplesPerWrite: 100,
  /** Contextual tuples of one question (OpenFGA's bound): they are indexed for it anew. */
  contextualTuples: 100,
  /** Checks in one batch of the OpenFGA door (OpenFGA's default). */
  checksPerBatch: 50,
  /** Types of a model that is written over HTTP (OpenFGA's default). */
  typesPerModel: 100,
  /** Milliseconds that a list of relationships goes on at a stretch; between two, checks get their turn. */
  listTurnMs: 5,
  /** Milliseconds for a whole list (OpenFGA's default), which is then an error: half a list is none. */
  listMs: 3000,
  /** Milliseconds that a check waits for the revision it demands. */
  revisionWaitMs: 1000,
  /** Entities or actions that one search ranges over: more take minutes, page by page. */
  searchCandidates: 100_000,
  /** Milliseconds that a search decides at a stretch. A check meets several turns on its way to the disk and back. */
  searchTurnMs: 1,
  /** Milliseconds for one page of a search: it then holds what was found, and a token to go on with. */
  searchPageMs: 2000,
  /** Milliseconds in which a search can be gone on with: its state of then has to be kept or made again. */
  searchTokenMs: 15 * 60 * 1000,
  /** Rows on one page of a list, at most. */
  pageSize: 500,
} as const;

export type LimitName = keyof typeof LIMITS;

/** The steps that one decision may still take. Shared by everything that the decision calls. */
export class Budget {
  private readonly steps: number;
  private left: number;

  constructor(steps: number = LIMITS.decisionSteps) {
    this.steps = steps;
    this.left = steps;
  }

  /** Takes `steps`; false once they are used up, from then on for ever. */
  spend(steps: number): boolean {
    this.left -= steps;
    return this.left >= 0;
  }

  get exhausted(): boolean {
    return this.left < 0;
  }

  /** All steps again, for the next question of a list: what bounds the list as a whole is time. */
  renew(): void {
    this.left = this.steps;
  }
}
