import type { ErrorObject } from 'ajv';

/** What is wrong with one value of a document. */
export interface Complaint {
  /** A JSON pointer (RFC 6901) as a URI fragment has it, `/` for the document. */
  readonly path: string;
  readonly message: string;
}

/** Keywords that fail because something below them does, which is told there. */
const COMPOSITE: ReadonlySet<string> = new Set(['anyOf', 'allOf', 'if', 'propertyNames', '$ref']);

/**
 * What Ajv found, in the words that applications know from Cerbos (those of its JSON Schema library): one complaint for
 * all missing or unknown properties of an object, and nothing else about a value of the wrong type.
 */
export function toComplaints(errors: readonly ErrorObject[]): readonly Complaint[] {
  const told = errors.filter((error) => !isImplied(error, errors));
  const complaints = new Map<string, Complaint>();
  for (const error of told) {
    for (const path of pathsOf(error)) {
      const complaint = { path, message: messageOf(error, told) };
      complaints.set(`${path}\0${complaint.message}`, complaint);
    }
  }
  return [...complaints.values()];
}

function isImplied(error: ErrorObject, errors: readonly ErrorObject[]): boolean {
  if (COMPOSITE.has(error.keyword)) return true;
  if (error.keyword === 'oneOf' && passing(error) === undefined) return true;
  const parent = parentOf(error.schemaPath);
  return errors.some((other) => {
    if (other === error) return false;
    // A value of the wrong type is not looked at any further.
    if (other.keyword === 'type') {
      return other.instancePath === error.instancePath && error.schemaPath.startsWith(`${parentOf(other.schemaPath)}/`);
    }
    // Branches that fit beside one another make what the others say irrelevant.
    return other.keyword === 'oneOf' && passing(other) !== undefined && parent.startsWith(`${other.schemaPath}/`);
  });
}

function passing({ params }: ErrorObject): readonly number[] | undefined {
  const { passingSchemas } = params as { readonly passingSchemas?: readonly number[] | null };
  return passingSchemas ?? undefined;
}

function parentOf(schemaPath: string): string {
  return schemaPath.slice(0, schemaPath.lastIndexOf('/'));
}

/** Where the fault is: names and items too many are told one by one, each at its own place. */
function pathsOf({ keyword, instancePath, data, params, propertyName }: ErrorObject): readonly string[] {
  const { unevaluatedProperty, limit, len } = params as {
    readonly unevaluatedProperty?: string;
    readonly limit?: number;
    readonly len?: number;
  };
  const name = propertyName ?? unevaluatedProperty;
  if (name !== undefined) return [toPath(`${instancePath}/${toToken(name)}`)];
  const isTooLong = keyword === 'items' || keyword === 'unevaluatedItems';
  if (!isTooLong || !Array.isArray(data)) return [toPath(instancePath)];
  const first = limit ?? len ?? 0;
  return data.slice(first).map((_, index) => toPath(`${instancePath}/${first + index}`));
}

function toPath(pointer: string): string {
  return pointer === '' ? '/' : pointer.split('/').map(escaped).join('/');
}

function toToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** As Go escapes a segment of a path (RFC 3986, section 3.3, without the separators of parameters). */
function escaped(token: string): string {
  return encodeURIComponent(token)
    .replaceAll(/%(24|26|2B|3D|3A|40)/g, (sequence) => decodeURIComponent(sequence))
    .replaceAll(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function messageOf(error: ErrorObject, all: readonly ErrorObject[]): string {
  const { keyword, data, schema } = error;
  const params = error.params as { readonly [name: string]: unknown };
  const limit = goNumber(Number(params.limit));
  switch (keyword) {
    case 'type':
      return `expected ${[schema].flat().join(' or ')}, but got ${jsonType(data)}`;
    case 'enum':
      return oneOfMessage(params.allowedValues as readonly unknown[]);
    case 'const':
      return isComposite(params.allowedValue) ? 'const failed' : `value must be ${goValue(params.allowedValue)}`;
    case 'format':
      return `${typeof data === 'string' ? quoted(data) : String(data)} is not valid ${quoted(String(params.format))}`;
    case 'required':
      return `missing properties: ${siblings(error, all, 'missingProperty').map(quoted).join(', ')}`;
    case 'additionalProperties':
      return `additionalProperties ${siblings(error, all, 'additionalProperty').sort().map(quoted).join(', ')} not allowed`;
    case 'dependentRequired':
    case 'dependencies':
      return `property ${quoted(String(params.missingProperty))} is required, if ${quoted(String(params.property))} property exists`;
    case 'minProperties':
      return `minimum ${limit} properties allowed, but found ${sizeOf(data)} properties`;
    case 'maxProperties':
      return `maximum ${limit} properties allowed, but found ${sizeOf(data)} properties`;
    case 'minItems':
      return `minimum ${limit} items required, but found ${sizeOf(data)} items`;
    case 'maxItems':
      return `maximum ${limit} items required, but found ${sizeOf(data)} items`;
    case 'additionalItems':
      return `only ${limit} items are allowed, but found ${sizeOf(data)} items`;
    case 'uniqueItems':
      return `items at index ${params.j} and ${params.i} are equal`;
    case 'contains':
      return containsMessage(Number(params.minContains), params.maxContains);
    case 'minLength':
      return `length must be >= ${limit}, but got ${sizeOf(data)}`;
    case 'maxLength':
      return `length must be <= ${limit}, but got ${sizeOf(data)}`;
    case 'pattern':
      return `does not match pattern ${quoted(String(params.pattern))}`;
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return `must be ${params.comparison} ${limit} but found ${goNumber(Number(data))}`;
    case 'multipleOf':
      return `${goNumber(Number(data))} not multipleOf ${goNumber(Number(params.multipleOf))}`;
    case 'oneOf':
      return `valid against schemas at indexes ${passing(error)?.join(' and ')}`;
    case 'not':
      return 'not failed';
    case 'false schema':
    case 'items':
    case 'unevaluatedProperties':
    case 'unevaluatedItems':
      return 'not allowed';
    default:
      return error.message ?? `${keyword} failed`;
  }
}

/** The same parameter of every error of one object and keyword: Ajv tells them apart, others do not. */
function siblings(error: ErrorObject, all: readonly ErrorObject[], param: string): string[] {
  return all
    .filter((one) => one.instancePath === error.instancePath && one.schemaPath === error.schemaPath)
    .map((one) => String((one.params as { readonly [name: string]: unknown })[param]));
}

function oneOfMessage(values: readonly unknown[]): string {
  if (values.some(isComposite)) return 'enum failed';
  const shown = values.map(goValue).join(', ');
  return values.length === 1 ? `value must be ${shown}` : `value must be one of ${shown}`;
}

function jsonType(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function isComposite(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return [...value].length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

/** A constant of a schema as Go prints it; its numbers are texts there. */
function goValue(value: unknown): string {
  if (value === null) return '<nil>';
  return typeof value === 'boolean' ? String(value) : JSON.stringify(String(value));
}

/** Ajv does not say how many items fit. */
function containsMessage(least: number, most: unknown): string {
  const lower = least === 1 ? 'valid must be >= 1, but got 0' : `valid must be >= ${least}`;
  return most === undefined ? lower : `valid must be >= ${least} and <= ${most}`;
}

/** A number as Go prints it: with an exponent from 1e+06 on and below 1e-04. */
function goNumber(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e6) ? exponential(value) : String(value);
}

function exponential(value: number): string {
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

/** In single quotes, as Cerbos's library quotes. */
function quoted(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inner}'`;
}
