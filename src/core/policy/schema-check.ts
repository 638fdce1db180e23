import type { Problem } from '../problem.ts';
import type { Schemas, Validate } from '../schema/compile-schemas.ts';
import type { Complaint } from '../schema/complaints.ts';
import type { Settings } from '../settings.ts';
import type { PolicyInput, ValidationError } from './judgement.ts';
import { policyName } from './names.ts';
import type { RuleIndex } from './rule-index.ts';
import { includesName, type Names, type Policy, toNames } from './rules.ts';
import type { SchemaSyntax } from './syntax.ts';
import type { Selection } from './walk.ts';

/** Steps that one validation takes from the budget of the decision. */
const STEPS = 100;

interface Reference {
  readonly validate: Validate;
  readonly ignored: Names;
}

interface References {
  readonly principal?: Reference;
  readonly resource?: Reference;
}

/** What has attributes to validate: the question of a decision or of a plan. */
type Attributed = Pick<PolicyInput, 'principal' | 'action' | 'siblingActions' | 'budget'> & {
  readonly resource: Pick<PolicyInput['resource'], 'kind' | 'attr' | 'open'>;
};

/** What is wrong with the attributes of a request, and the policy that Cerbos attributes it to. */
export interface Violation {
  readonly errors: readonly ValidationError[];
  readonly policy: string;
  /** Nothing is wrong yet, and something may be, by what the question leaves open. */
  readonly isOpen: boolean;
}

/** The schemas of resource policies, ready for requests (Cerbos, "Schemas"). */
export class SchemaCheck {
  private readonly references = new Map<Policy, References>();
  private readonly index: RuleIndex;
  private readonly strict: boolean;

  constructor(policies: readonly Policy[], index: RuleIndex, settings: Settings, schemas: Schemas) {
    this.index = index;
    this.strict = settings.semantics === 'strict';
    for (const policy of policies) {
      if (policy.kind !== 'resource' || policy.schemas === undefined) continue;
      const principal = toReference(policy.schemas.principal, schemas);
      const resource = toReference(policy.schemas.resource, schemas);
      this.references.set(policy, { ...(principal && { principal }), ...(resource && { resource }) });
    }
  }

  /**
   * A kind of resource has the schemas of its policy in the root scope; those that other scopes state mean nothing
   * (Cerbos). Cerbos looks at them only where the nearest scope has a policy for the kind; `strict` always does.
   */
  violation(input: Attributed, selection: Selection): Violation | undefined {
    const { resource, principal } = input;
    const { resourceVersion, resourceScope, resourceChain, lenient } = selection;
    const nearest = resourceChain[0];
    if (nearest === undefined || !(lenient || nearest === resourceScope)) return undefined;
    const root = this.index.resource(resource.kind, resourceVersion, '');
    const own = this.index.resource(resource.kind, resourceVersion, nearest);
    const references =
      root === undefined || !(this.strict || own !== undefined) ? undefined : this.references.get(root);
    if (references === undefined) return undefined;
    input.budget.spend(STEPS);
    const { open } = resource;
    const ofPrincipal = isFor(references.principal, input) ? references.principal.validate(principal.attr) : [];
    let ofResource: readonly Complaint[] = [];
    let mayBeMore = false;
    if (isFor(references.resource, input)) {
      const { validate } = references.resource;
      if (open === undefined) ofResource = validate(resource.attr);
      else ({ sure: ofResource, mayBeMore } = validate.openly(open.known, open.names));
    }
    const errors: readonly ValidationError[] = [
      ...ofPrincipal.map((complaint) => ({ source: 'principal' as const, ...complaint })),
      ...ofResource.map((complaint) => ({ source: 'resource' as const, ...complaint })),
    ];
    const isOpen = mayBeMore && errors.length === 0;
    if (errors.length === 0 && !isOpen) return undefined;
    return { errors, policy: own?.key ?? policyName('resource', resource.kind, resourceVersion, nearest), isOpen };
  }
}

/** Whether all that is wrong is that something required is not there. */
export function isMissing({ message }: ValidationError): boolean {
  return message.startsWith('missing properties: ');
}

function toReference(syntax: SchemaSyntax | undefined, schemas: Schemas): Reference | undefined {
  const validate = syntax === undefined ? undefined : schemas.get(syntax.ref.value);
  if (syntax === undefined || validate === undefined) return undefined;
  return { validate, ignored: toNames(syntax.ignoreWhen.map(({ value }) => value)) };
}

/** One action that is not ignored is enough for all that were asked together (Cerbos). */
function isFor(
  reference: Reference | undefined,
  { action, siblingActions = [action] }: Attributed,
): reference is Reference {
  return reference !== undefined && !siblingActions.every((one) => includesName(reference.ignored, one));
}

/** Adds a problem for every reference to a schema that the bundle does not have. */
export function checkReferences(policies: readonly Policy[], schemas: Schemas, problems: Problem[]): void {
  for (const policy of policies) {
    if (policy.kind !== 'resource') continue;
    for (const { ref } of [policy.schemas?.principal, policy.schemas?.resource].filter((one) => one !== undefined)) {
      if (schemas.has(ref.value)) continue;
      problems.push({
        ...ref.place,
        message: 'there is no such schema',
        found: ref.value,
        expected: 'cerbos:/// and the path of a file below _schemas',
      });
    }
  }
}
