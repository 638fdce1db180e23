import { type Static, Type } from 'typebox';
import { PROOFS } from '../../core/delegation/delegation.ts';
import type { DelegationDraft } from '../../core/delegation/draft.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { type Failure, type FieldError, failure } from '../../engine/failure.ts';
import { parseTime, TIME } from './time.ts';

const CLOSED = { additionalProperties: false } as const;

export const CAPABILITY = Type.Object(
  {
    actions: Type.Array(Type.String({ description: 'An exact name, read:* or *' })),
    resources: Type.Array(Type.String({ description: 'An exact entity, tool:* or tool:github/*' })),
    condition: Type.Optional(Type.String({ description: 'CEL' })),
  },
  CLOSED,
);

/** What is asked for. Unknown members are refused: a misspelt bound must not silently widen. */
export const DRAFT = Type.Object(
  {
    name: Type.Optional(Type.String()),
    parent: Type.Optional(Type.String({ description: 'The delegation that is handed on' })),
    from: Type.Optional(Type.String({ description: 'user:alice, or a set (group:finance#member): a template' })),
    to: Type.String(),
    origin: Type.Optional(Type.String()),
    capabilities: Type.Array(CAPABILITY),
    condition: Type.Optional(Type.String({ description: 'CEL' })),
    proof: Type.Optional(Type.Enum([...PROOFS])),
    activation: Type.Optional(Type.Enum(['standing', 'session'])),
    not_before: Type.Optional(TIME),
    expires_at: Type.Optional(TIME),
    max_session: Type.Optional(Type.Integer({ description: 'Seconds' })),
    max_depth: Type.Optional(Type.Integer({ description: 'Further hops allowed' })),
    onward_to: Type.Optional(Type.Array(Type.String())),
  },
  CLOSED,
);

/** The draft with its times read; or which of them is none. */
export function toDraft({ not_before, expires_at, ...rest }: Static<typeof DRAFT>): Result<DelegationDraft, Failure> {
  const errors: FieldError[] = [];
  const read = (field: string, text: string | undefined): number | undefined => {
    const ms = text === undefined ? undefined : parseTime(text);
    if (text !== undefined && ms === undefined) {
      errors.push({
        field,
        message: `is no time: write RFC 3339, like 2030-01-31T12:00:00Z`,
        asked: text.slice(0, 64),
      });
    }
    return ms;
  };
  const notBefore = read('not_before', not_before);
  const expiresAt = read('expires_at', expires_at);
  if (errors.length > 0) {
    const details = errors.map(({ field, message }) => `${field} ${message}`).join('; ');
    return err(failure('invalid', `the delegation is malformed: ${details}`, errors));
  }
  return ok({
    ...rest,
    ...(notBefore === undefined ? undefined : { not_before: notBefore }),
    ...(expiresAt === undefined ? undefined : { expires_at: expiresAt }),
  });
}
