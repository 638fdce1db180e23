import { compileBundle } from '../src/core/bundle.ts';
import type { Model } from '../src/core/model/model.ts';
import type { Relationship } from '../src/core/relationships/membership.ts';

/** Documents in folders nested 3 deep, given to groups nested 3 deep. */
const FGA = `model
  schema 1.1
type user
type group
  relations
    define member: [user, group#member]
type folder
  relations
    define parent: [folder]
    define viewer: [user, group#member] or viewer from parent
type document
  relations
    define parent: [folder]
    define viewer: [user, group#member] or viewer from parent
`;

/** The same for SpiceDB. */
export const SPICEDB_SCHEMA = `
definition user {}
definition group {
  relation member: user | group#member
}
definition folder {
  relation parent: folder
  relation viewer: user | group#member
  permission view = viewer + parent->view
}
definition document {
  relation parent: folder
  relation viewer: user | group#member
  permission view = viewer + parent->view
}
`;

export function benchModel(): Model {
  const bundle = compileBundle({ digest: 'bench', files: [{ path: 'model/bench.fga', text: FGA }] });
  if (!bundle.ok || bundle.value.model === undefined) throw new Error('the model of the benchmark does not compile');
  return bundle.value.model;
}

/** xorshift32: the same world and the same questions in every run. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

export interface Question {
  readonly user: string;
  readonly document: string;
}

/**
 * A world of about `size` relationships: 3 in 10 are a document in its folder, 2 a user who may see one document, 4 a
 * user in the innermost of three groups; the rest nests groups and folders and gives each folder to an outer group.
 */
export class RelationshipWorld {
  private readonly documents: number;
  private readonly users: number;
  private readonly chains: number;
  /** Folders on each level, the innermost first. */
  private readonly folders: readonly [number, number, number];

  constructor(size: number) {
    this.documents = Math.round(size * 0.3);
    this.users = Math.round(size * 0.2);
    this.chains = Math.round(size * 0.03);
    this.folders = [Math.ceil(size * 0.03), Math.ceil(size * 0.003), Math.ceil(size * 0.0003)];
  }

  *tuples(): Iterable<Relationship> {
    for (let document = 0; document < this.documents; document++) {
      const object = `document:${document}`;
      yield { user: `folder:0-${document % this.folders[0]}`, relation: 'parent', object };
      if (document % 3 !== 0) yield { user: this.user(document * 7), relation: 'viewer', object };
    }
    for (const [level, count] of this.folders.entries()) {
      const above = this.folders[level + 1];
      for (let folder = 0; folder < count; folder++) {
        const object = `folder:${level}-${folder}`;
        if (above !== undefined) yield { user: `folder:${level + 1}-${folder % above}`, relation: 'parent', object };
        const user = `group:0-${this.chainOf(level, folder)}#member`;
        yield { user, relation: 'viewer', object };
      }
    }
    for (let chain = 0; chain < this.chains; chain++) {
      for (const level of [0, 1]) {
        yield { user: `group:${level + 1}-${chain}#member`, relation: 'member', object: `group:${level}-${chain}` };
      }
    }
    for (let user = 0; user < this.users * 2; user++) {
      yield { user: this.user(user), relation: 'member', object: `group:2-${this.chainWith(user)}` };
    }
  }

  /** A user who sees a random document by way of folders and groups. */
  hit(random: (below: number) => number): Question {
    const document = random(this.documents);
    let folder = document % this.folders[0];
    const level = random(3);
    for (let up = 1; up <= level; up++) folder %= this.folders[up] ?? 1;
    const chain = this.chainOf(level, folder);
    const memberships = Math.floor((this.users * 2 - 1 - chain) / this.chains) + 1;
    return { user: this.user(chain + this.chains * random(memberships)), document: `document:${document}` };
  }

  /** A random user, who most likely does not see a random document. */
  miss(random: (below: number) => number): Question {
    return { user: this.user(random(this.users)), document: `document:${random(this.documents)}` };
  }

  private user(number: number): string {
    return `user:${number % this.users}`;
  }

  private chainOf(level: number, folder: number): number {
    return (folder * 13 + level * 7) % this.chains;
  }

  private chainWith(membership: number): number {
    return membership % this.chains;
  }
}
