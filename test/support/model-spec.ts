import type { Relationship } from '../../src/core/relationships/membership.ts';
import type { Answer } from './conditions.ts';

/** A rewrite in the tests' own words; rendered to OpenFGA's DSL for the real one, followed by the naive one. */
export type Rewrite =
  | { readonly is: 'direct'; readonly types: readonly string[] }
  | { readonly is: 'relation'; readonly relation: string }
  | { readonly is: 'from'; readonly relation: string; readonly tupleset: string }
  | { readonly is: 'or' | 'and' | 'but not'; readonly left: Rewrite; readonly right: Rewrite };

export interface ModelSpec {
  readonly [type: string]: { readonly [relation: string]: Rewrite };
}

/** The one tuple condition of the models: true or false by the tuple's context, an error without it. */
const CONDITION = 'condition open(yes: bool) {\n  yes\n}\n';

export function renderModel(spec: ModelSpec): string {
  const types = Object.entries(spec).map(([type, relations]) => {
    const lines = Object.entries(relations).map(
      ([name, rewrite]) => `    define ${name}: ${renderRewrite(rewrite, true)}`,
    );
    return [`type ${type}`, ...(lines.length === 0 ? [] : ['  relations', ...lines])].join('\n');
  });
  return `model\n  schema 1.1\n\n${types.join('\n\n')}\n\n${CONDITION}`;
}

function renderRewrite(rewrite: Rewrite, outermost: boolean): string {
  switch (rewrite.is) {
    case 'direct':
      return `[${rewrite.types.join(', ')}]`;
    case 'relation':
      return rewrite.relation;
    case 'from':
      return `${rewrite.relation} from ${rewrite.tupleset}`;
    default: {
      const text = `${renderRewrite(rewrite.left, false)} ${rewrite.is} ${renderRewrite(rewrite.right, false)}`;
      return outermost ? text : `(${text})`;
    }
  }
}

const RANK: { readonly [answer in Answer]: number } = { no: 0, unknown: 1, yes: 2 };
const or = (answers: readonly Answer[]): Answer =>
  answers.reduce<Answer>((best, next) => (RANK[next] > RANK[best] ? next : best), 'no');
const and = (a: Answer, b: Answer): Answer => (RANK[a] < RANK[b] ? a : b);
const not = (a: Answer): Answer => (a === 'yes' ? 'no' : a === 'no' ? 'yes' : 'unknown');

/**
 * Is `subject` in `object#relation`? Plain recursion over the list of tuples, without memory: a question that is
 * asked again inside itself adds nothing. Exact for models whose subtracted parts never lead back (ours do not).
 */
export function member(
  spec: ModelSpec,
  tuples: readonly Relationship[],
  subject: string,
  relation: string,
  object: string,
  asked: readonly string[] = [],
): Answer {
  const question = `${object}#${relation}`;
  const rewrite = spec[type(object)]?.[relation];
  if (rewrite === undefined || asked.includes(question)) return 'no';
  const inside = [...asked, question];

  const ask = (part: Rewrite): Answer => {
    switch (part.is) {
      case 'direct':
        return or(stored(tuples, object, relation, part.types).map((tuple) => and(conditionOf(tuple), matches(tuple))));
      case 'relation':
        return member(spec, tuples, subject, part.relation, object, inside);
      case 'from':
        return or(
          stored(tuples, object, part.tupleset, directTypes(spec[type(object)]?.[part.tupleset])).map((tuple) =>
            and(conditionOf(tuple), member(spec, tuples, subject, part.relation, tuple.user, inside)),
          ),
        );
      case 'or':
        return or([ask(part.left), ask(part.right)]);
      case 'and':
        return and(ask(part.left), ask(part.right));
      case 'but not':
        return and(ask(part.left), not(ask(part.right)));
    }
  };
  const matches = (tuple: Relationship): Answer => {
    const [group, set] = tuple.user.split('#');
    if (group !== undefined && set !== undefined) return member(spec, tuples, subject, set, group, inside);
    return tuple.user === subject || tuple.user === `${type(subject)}:*` ? 'yes' : 'no';
  };
  return ask(rewrite);
}

/** Is `subject` in the subtracted part of any exclusion that the permission is made of? Fails closed in unions. */
export function excluded(
  spec: ModelSpec,
  tuples: readonly Relationship[],
  subject: string,
  relation: string,
  object: string,
  asked: readonly string[] = [],
): Answer {
  const question = `${object}#${relation}`;
  const rewrite = spec[type(object)]?.[relation];
  if (rewrite === undefined || asked.includes(question)) return 'no';
  const inside = [...asked, question];
  const ask = (part: Rewrite): Answer => {
    switch (part.is) {
      case 'direct':
        return 'no';
      case 'relation':
        return excluded(spec, tuples, subject, part.relation, object, inside);
      case 'from':
        return or(
          stored(tuples, object, part.tupleset, directTypes(spec[type(object)]?.[part.tupleset])).map((tuple) =>
            excluded(spec, tuples, subject, part.relation, tuple.user, inside),
          ),
        );
      case 'or':
      case 'and':
        return or([ask(part.left), ask(part.right)]);
      case 'but not':
        return or([ask(part.left), inSubtracted(part.right)]);
    }
  };
  const inSubtracted = (part: Rewrite): Answer =>
    part.is === 'relation' ? member(spec, tuples, subject, part.relation, object) : 'unknown';
  return ask(rewrite);
}

function type(entity: string): string {
  return entity.slice(0, entity.indexOf(':'));
}

function directTypes(rewrite: Rewrite | undefined): readonly string[] {
  return rewrite?.is === 'direct' ? rewrite.types : [];
}

/** The tuples of object#relation that the type restrictions still allow: orphans never count. */
function stored(tuples: readonly Relationship[], object: string, relation: string, types: readonly string[]) {
  return tuples.filter((tuple) => {
    if (tuple.object !== object || tuple.relation !== relation) return false;
    const [group, set] = tuple.user.split('#');
    const bare =
      set !== undefined ? `${type(group ?? '')}#${set}` : tuple.user.endsWith(':*') ? tuple.user : type(tuple.user);
    return types.includes(tuple.condition === undefined ? bare : `${bare} with ${tuple.condition.name}`);
  });
}

function conditionOf(tuple: Relationship): Answer {
  if (tuple.condition === undefined) return 'yes';
  const value = tuple.condition.context?.yes;
  return value === true ? 'yes' : value === false ? 'no' : 'unknown';
}
