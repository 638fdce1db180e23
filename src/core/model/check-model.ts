import type { Problem } from '../problem.ts';
import { checkEntryPoints } from './check-entry-points.ts';
import type { DirectType, Rewrite } from './model.ts';
import type { Place, SourceModel, SourceRelation, SourceType } from './source-model.ts';

/** OpenFGA's naming rules: what separates or marks names in `type:id#relation` and `type:*`, and white space. */
const NAME = /^[^:#@*\s]+$/;
const MAX_NAME = { type: 254, relation: 50, condition: 50 };
/** `self` and `this` mean the relation being defined. */
const RESERVED: ReadonlySet<string> = new Set(['self', 'this']);

/**
 * Everything that makes a model meaningless, as OpenFGA's type system refuses it (docs "Configuration language",
 * schema 1.1): names, references, tuplesets, type restrictions, and relations that nobody can ever have.
 */
export function checkModel(model: SourceModel): readonly Problem[] {
  const problems: Problem[] = [];
  const types = new Map<string, SourceType>();
  for (const type of model.types) {
    problems.push(...checkName('type', type.name, type.place));
    if (types.has(type.name)) problems.push({ message: `type "${type.name}" is defined twice`, ...type.place });
    else types.set(type.name, type);
  }
  const conditions = new Set(model.conditions.map((condition) => condition.name));
  for (const condition of model.conditions) problems.push(...checkName('condition', condition.name, condition.place));
  for (const type of types.values()) {
    for (const [index, relation] of type.relations.entries()) {
      if (type.relations.findIndex((one) => one.name === relation.name) < index) {
        problems.push({ message: `${type.name}#${relation.name} is defined twice`, ...relation.place });
      }
      problems.push(...checkName('relation', relation.name, relation.place));
      problems.push(...new RelationCheck(types, conditions, type, relation).run());
    }
  }
  // With a name missing, what cannot be reached is a consequence and would only hide the cause.
  return problems.length > 0 ? problems : checkEntryPoints(types);
}

function checkName(what: 'type' | 'relation' | 'condition', name: string, place: Place): readonly Problem[] {
  if (RESERVED.has(name)) return [{ message: `"${name}" is reserved and cannot name a ${what}`, ...place }];
  if (NAME.test(name) && name.length <= MAX_NAME[what]) return [];
  return [
    {
      message: `"${name.slice(0, 64)}" cannot name a ${what}`,
      ...place,
      expected: `1 to ${MAX_NAME[what]} characters without : # @ * and white space`,
    },
  ];
}

class RelationCheck {
  private readonly problems: Problem[] = [];
  private readonly types: ReadonlyMap<string, SourceType>;
  private readonly conditions: ReadonlySet<string>;
  private readonly type: SourceType;
  private readonly relation: SourceRelation;

  constructor(
    types: ReadonlyMap<string, SourceType>,
    conditions: ReadonlySet<string>,
    type: SourceType,
    relation: SourceRelation,
  ) {
    this.types = types;
    this.conditions = conditions;
    this.type = type;
    this.relation = relation;
  }

  run(): readonly Problem[] {
    const { rewrite, directTypes, name } = this.relation;
    if (rewrite === undefined) return [];
    this.rewrite(rewrite);
    const assignable = hasDirect(rewrite);
    if (assignable && directTypes.length === 0) {
      this.report(`${this.type.name}#${name} can be assigned, but to no type`, name, undefined, 'a type restriction');
    }
    if (!assignable && directTypes.length > 0) {
      this.report(`${this.type.name}#${name} has type restrictions, but nothing that they restrict`, name);
    }
    for (const direct of directTypes) this.directType(direct);
    return this.problems;
  }

  private rewrite(rewrite: Rewrite): void {
    switch (rewrite.kind) {
      case 'direct':
        return;
      case 'computed':
        if (!hasRelation(this.type, rewrite.relation)) this.missingRelation(this.type, rewrite.relation);
        return;
      case 'tuple_to_userset':
        this.tupleToUserset(rewrite.tupleset, rewrite.computed);
        return;
      case 'union':
      case 'intersection':
        for (const child of rewrite.children) this.rewrite(child);
        return;
      case 'exclusion':
        this.rewrite(rewrite.base);
        this.rewrite(rewrite.subtract);
    }
  }

  /** The tupleset must list objects directly, else what `from` follows would not be stored anywhere. */
  private tupleToUserset(tupleset: string, computed: string): void {
    const phrase = `${computed} from ${tupleset}`;
    const parent = this.type.relations.find((relation) => relation.name === tupleset);
    if (parent === undefined) {
      this.missingRelation(this.type, tupleset, `from ${tupleset}`);
      return;
    }
    if (parent.rewrite === undefined) return;
    if (parent.rewrite.kind !== 'direct') {
      const message = `"${tupleset}" is used after "from", but is not assigned directly`;
      this.report(message, tupleset, `from ${tupleset}`, `a relation like "define ${tupleset}: [folder]"`);
      return;
    }
    const wrong = parent.directTypes.find((direct) => direct.wildcard || direct.relation !== undefined);
    if (wrong !== undefined) {
      const message = `"${tupleset}" is used after "from", but allows ${formatDirectType(wrong)}`;
      this.report(message, tupleset, `from ${tupleset}`, 'types only, no wildcard and no userset');
      return;
    }
    const parents = parent.directTypes.map((direct) => this.types.get(direct.type));
    if (parents.includes(undefined) || parents.length === 0) return;
    if (!parents.some((type) => type !== undefined && hasRelation(type, computed))) {
      const names = parent.directTypes.map((direct) => `"${direct.type}"`).join(', ');
      this.report(`no type that "${tupleset}" allows (${names}) has the relation "${computed}"`, computed, phrase);
    }
  }

  private directType(direct: DirectType): void {
    const type = this.types.get(direct.type);
    const written = formatDirectType(direct);
    if (type === undefined) {
      const known = [...this.types.keys()].join(', ');
      this.report(`type "${direct.type}" is not defined`, direct.type, undefined, `one of ${known}`);
    } else if (direct.relation !== undefined && !hasRelation(type, direct.relation)) {
      this.missingRelation(type, direct.relation, `${direct.type}#${direct.relation}`);
    }
    if (direct.wildcard && direct.relation !== undefined) {
      this.report(`the type restriction ${written} has both a wildcard and a relation`, direct.type);
    }
    if (direct.condition !== undefined && !this.conditions.has(direct.condition)) {
      const expected = this.conditions.size === 0 ? undefined : `one of ${[...this.conditions].join(', ')}`;
      this.report(`condition "${direct.condition}" is not defined`, direct.condition, undefined, expected);
    }
  }

  private missingRelation(type: SourceType, relation: string, phrase?: string): void {
    const known = type.relations.map((one) => one.name).join(', ');
    const expected = known === '' ? `type "${type.name}" has no relations` : `one of ${known}`;
    this.report(`type "${type.name}" has no relation "${relation}"`, relation, phrase, expected);
  }

  private report(message: string, word: string, phrase?: string, expected?: string): void {
    this.problems.push({
      message,
      ...this.relation.find(word, phrase),
      found: `"${phrase ?? word}"`,
      ...(expected === undefined ? {} : { expected }),
    });
  }
}

function hasRelation(type: SourceType, relation: string): boolean {
  return type.relations.some((one) => one.name === relation);
}

function hasDirect(rewrite: Rewrite): boolean {
  switch (rewrite.kind) {
    case 'direct':
      return true;
    case 'computed':
    case 'tuple_to_userset':
      return false;
    case 'union':
    case 'intersection':
      return rewrite.children.some(hasDirect);
    case 'exclusion':
      return hasDirect(rewrite.base) || hasDirect(rewrite.subtract);
  }
}

/** A type restriction as the DSL writes it: `group#member with office_hours`. */
export function formatDirectType(direct: DirectType): string {
  const relation = direct.relation === undefined ? '' : `#${direct.relation}`;
  const condition = direct.condition === undefined ? '' : ` with ${direct.condition}`;
  return `${direct.type}${direct.wildcard ? ':*' : relation}${condition}`;
}
