import type { FieldError } from '../engine/failure.ts';

/** One complaint of a schema (TypeBox's form, which is Ajv's). */
export interface ValidationFault {
  readonly keyword: string;
  readonly schemaPath: string;
  /** A JSON pointer (RFC 6901). */
  readonly instancePath: string;
  readonly params: { readonly [name: string]: unknown };
  readonly message: string;
}

export function isValidationFaults(value: unknown): value is readonly ValidationFault[] {
  return (
    Array.isArray(value) &&
    value.every((fault) => typeof fault === 'object' && fault !== null && 'instancePath' in fault)
  );
}

/** What is wrong with each field, in words that say what would be right. */
export function fieldErrors(faults: readonly ValidationFault[]): readonly FieldError[] {
  const errors: FieldError[] = [];
  const unions = faults.filter(({ keyword }) => keyword === 'anyOf').map(({ schemaPath }) => `${schemaPath}/anyOf/`);
  for (const fault of faults) {
    // What is wrong with each branch of a union helps nobody: no branch fits, that is all.
    if (unions.some((path) => fault.schemaPath.startsWith(path))) continue;
    const at = fault.instancePath.slice(1);
    const under = (name: string): string => (at === '' ? name : `${at}/${name}`);
    switch (fault.keyword) {
      case 'required':
        for (const name of names(fault.params.requiredProperties)) {
          errors.push({ field: under(name), message: 'is missing' });
        }
        break;
      case 'additionalProperties':
        for (const name of names(fault.params.additionalProperties)) {
          errors.push({ field: under(name), message: 'is unknown here' });
        }
        break;
      case 'boolean': // told by additionalProperties
        break;
      case 'enum':
        errors.push({ field: at, message: `must be one of ${names(fault.params.allowedValues).join(', ')}` });
        break;
      case 'anyOf':
        errors.push({ field: at, message: 'has none of the forms that are possible here' });
        break;
      default:
        errors.push({ field: at, message: fault.message });
    }
  }
  return errors;
}

/** All of them in one sentence. */
export function summary(errors: readonly FieldError[]): string {
  return errors.map(({ field, message }) => (field === '' ? `it ${message}` : `${field} ${message}`)).join('; ');
}

function names(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
