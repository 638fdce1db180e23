import type { Attributes } from '../client/types.ts';
import { type ToolDefinition, toToolDefinition } from './binding/tool-definition.ts';

/** A JSON-RPC error with which a server answered a question of the enforcement point's own. */
export class ServerRefusal extends Error {
  override readonly name = 'ServerRefusal';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Asks the live server for one page of tools/list and answers its result. Throws where there is none to be had, a
 * `ServerRefusal` where the server answered with an error.
 */
export type ListTools = (cursor?: string) => Promise<Attributes>;

/** Milliseconds for which a definition counts as live: a server need not announce that it changed one. */
const FRESH_MS = 60_000;
/** Pages of one list. A server that never comes to an end must not keep a call waiting for ever. */
const MOST_PAGES = 256;
/** JSON-RPC 2.0, section 5.1: a server that has no tools does not know the method. */
const METHOD_NOT_FOUND = -32601;

interface Known {
  /** Undefined: the server lists several tools of this name, so which of them it would call is its secret. */
  readonly definition: ToolDefinition | undefined;
  readonly at: number;
}

/** The tools of one server as it lists them now. */
export class Definitions {
  private readonly listTools: ListTools;
  private readonly now: () => number;
  private known = new Map<string, Known>();
  /** When the whole list was read, ms: until it is stale, what it does not name is not listed. */
  private completeAt: number | undefined;
  private fetching: Promise<void> | undefined;
  /** Counts the changes that the server announced: what was asked for before one is not live after it. */
  private generation = 0;

  constructor(listTools: ListTools, now: () => number = () => performance.now()) {
    this.listTools = listTools;
    this.now = now;
  }

  /**
   * The live definition of a tool; undefined if its server lists none of that name. Throws where that cannot be found
   * out: the tool is then not called.
   */
  async get(name: string): Promise<ToolDefinition | undefined> {
    let known = this.fresh(name);
    while (known === undefined && !this.isComplete()) {
      this.fetching ??= this.fetchAll().finally(() => {
        this.fetching = undefined;
      });
      await this.fetching;
      known = this.fresh(name);
    }
    if (known === undefined) return undefined;
    if (known.definition === undefined) throw new Error(`the server lists several tools named "${name}"`);
    return known.definition;
  }

  /** Takes what the server answered to the client's own tools/list. */
  learn(result: Attributes): void {
    const at = this.now();
    for (const [name, definition] of readPage(result)) this.known.set(name, { definition, at });
  }

  /** The server announced that its tools changed. */
  forget(): void {
    this.generation += 1;
    this.known = new Map();
    this.completeAt = undefined;
  }

  private fresh(name: string): Known | undefined {
    const known = this.known.get(name);
    return known !== undefined && this.now() - known.at < FRESH_MS ? known : undefined;
  }

  private isComplete(): boolean {
    return this.completeAt !== undefined && this.now() - this.completeAt < FRESH_MS;
  }

  /** Reads every page. What the server announces meanwhile makes it begin anew. */
  private async fetchAll(): Promise<void> {
    for (let attempt = 0; attempt < MOST_PAGES; attempt++) {
      const { generation } = this;
      const at = this.now();
      const definitions = await this.readAll();
      if (generation !== this.generation) continue;
      this.known = new Map([...definitions].map(([name, definition]) => [name, { definition, at }]));
      this.completeAt = at;
      return;
    }
    throw new Error('the tools of the server change faster than they can be listed');
  }

  private async readAll(): Promise<ReadonlyMap<string, ToolDefinition | undefined>> {
    const all = new Map<string, ToolDefinition | undefined>();
    let cursor: string | undefined;
    for (let page = 0; page < MOST_PAGES; page++) {
      const result = await this.page(cursor);
      if (result === undefined) return new Map();
      for (const [name, definition] of readPage(result)) merge(all, name, definition);
      if (result.nextCursor === undefined || result.nextCursor === null) return all;
      if (typeof result.nextCursor !== 'string') throw new Error('the list of tools has a cursor that is no text');
      cursor = result.nextCursor;
    }
    throw new Error(`the list of tools has more than ${MOST_PAGES} pages`);
  }

  /** Undefined: the server has no tools. */
  private async page(cursor: string | undefined): Promise<Attributes | undefined> {
    try {
      return await this.listTools(cursor);
    } catch (fault) {
      if (fault instanceof ServerRefusal && fault.code === METHOD_NOT_FOUND && cursor === undefined) return undefined;
      throw fault;
    }
  }
}

function readPage({ tools }: Attributes): ReadonlyMap<string, ToolDefinition | undefined> {
  if (!Array.isArray(tools)) throw new Error('the server answered tools/list with something that is no list of tools');
  const page = new Map<string, ToolDefinition | undefined>();
  for (const tool of tools) {
    const definition = toToolDefinition(tool);
    if (definition !== undefined) merge(page, definition.name, definition);
  }
  return page;
}

/** Two different definitions of one name are none; the same one twice is one. */
function merge(into: Map<string, ToolDefinition | undefined>, name: string, definition: ToolDefinition | undefined) {
  const other = into.get(name);
  into.set(name, !into.has(name) || other?.digest === definition?.digest ? definition : undefined);
}
