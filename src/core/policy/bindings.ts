import type { Bindings } from '../cel/program.ts';
import type { Json } from '../entity.ts';
import type { Definitions } from './expression.ts';
import type { PathView, PolicyInput } from './judgement.ts';

/** Who looks at the path: 0 allow rules (up to the principal judged), 1 deny rules (all of it). */
export type View = 0 | 1;

const EMPTY: { readonly [name: string]: Json } = Object.freeze({});

/** The bindings of one policy in one view. `V` fills up and `runtime` is put in as expressions come to need them. */
export type PolicyBindings = Omit<Bindings, 'V' | 'runtime'> & {
  readonly V: Record<string, unknown>;
  runtime: unknown;
};

/** What every expression of a judgement sees alike. */
interface Roots {
  readonly principal: object;
  readonly resource: object;
  readonly request: Bindings['request'];
}

/**
 * `P`, `R` and `request` (Cerbos, "Conditions"; design, section 4). Expressions of `cerbos` see what Cerbos has and
 * nothing else: an output of the whole of `R` must not differ.
 */
export function toRoots(input: PolicyInput, strict: boolean): Roots {
  const { principal: who, resource: what } = input;
  const principal = {
    id: who.id,
    roles: who.roles,
    attr: who.attr,
    policyVersion: who.policyVersion ?? '',
    scope: who.scope ?? '',
  };
  const resource = {
    kind: what.kind,
    id: what.id,
    attr: what.attr,
    policyVersion: what.policyVersion ?? '',
    scope: what.scope ?? '',
  };
  const P = strict ? { ...principal, type: who.type, entity: who.entity } : principal;
  const R = strict ? { ...resource, entity: what.entity } : resource;
  const auxData = input.auxData ?? EMPTY;
  const request = {
    principal: P,
    resource: R,
    action: { name: input.action, properties: input.actionProperties ?? EMPTY },
    context: input.context ?? EMPTY,
    auxData,
    // Cerbos knows it by the name in its protobuf definition, too.
    aux_data: auxData,
  };
  return { principal: P, resource: R, request };
}

export function toBindings(
  roots: Roots,
  input: PolicyInput,
  view: View,
  definitions: Definitions,
  globals: { readonly [name: string]: Json },
  variables: Record<string, unknown>,
  runtime: object,
): PolicyBindings {
  return {
    request: roots.request,
    P: roots.principal,
    R: roots.resource,
    D: view === 0 ? input.visible : input.whole,
    V: variables,
    variables,
    C: definitions.constants,
    constants: definitions.constants,
    G: globals,
    globals,
    runtime,
  };
}

/**
 * Whether allow and deny rules see different paths. The visible part is a prefix of the whole, so the lengths tell;
 * comparing more costs nothing where they agree.
 */
export function viewsDiffer({ visible, whole }: PolicyInput): boolean {
  return visible !== whole && !samePath(visible, whole);
}

function samePath(left: PathView, right: PathView): boolean {
  return (
    left.depth === right.depth &&
    left.origin === right.origin &&
    left.actor === right.actor &&
    left.path.length === right.path.length &&
    left.path.every((entity, index) => entity === right.path[index])
  );
}
