import type { TupleFault } from '../../core/relationships/validate-tuple.ts';
import { type Failure, failure } from '../failure.ts';

/** What OpenFGA tells apart among the reasons for which a request about relationships is refused. */
export type RelationshipFault =
  | 'invalid_tuple' // a contextual one
  | 'type_not_found'
  | 'relation_not_found'
  | 'nothing_to_write'
  | 'duplicate' // twice in one request
  | 'exists' // a write of what is stored, or a delete of what is not
  | 'too_many'
  | 'too_complex'
  | 'deadline_exceeded'
  | 'cancelled'
  | 'no_model'
  | 'model_not_found'
  | 'invalid_model'
  | 'no_types'
  | 'invalid_token'
  | 'other_token' // one for changes of another type
  | 'invalid_start_time'
  | 'invalid_page_size';

/** A failure with its fault, so that the OpenFGA door finds its error code; without one it is a validation error. */
export interface RelationshipFailure extends Failure {
  readonly fault?: RelationshipFault;
}

/** A tuple of a question or a write is always a validation error, whatever is wrong with it (OpenFGA, Check, Write). */
export function tupleFailure({ message }: TupleFault): RelationshipFailure {
  return failure('unprocessable', message);
}

export function refused(fault: RelationshipFault, message: string): RelationshipFailure {
  return { ...failure('unprocessable', message), fault };
}
