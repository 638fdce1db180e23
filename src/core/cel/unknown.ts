/**
 * What is thrown where an evaluation comes upon something that its question leaves open. CEL's logical operators and
 * quantifiers absorb it as they absorb any error (cel-spec, langdef "Logical Operators"); nothing else catches it, and
 * it is no error of the library's, so that `.?` does not take it for something missing.
 */
class UnknownInput extends Error {
  constructor() {
    super('left open by the question');
    // There is one for all, and where it was made is of interest to nobody.
    Object.defineProperty(this, 'stack', { value: this.message });
  }
}

const UNKNOWN = Object.freeze(new UnknownInput());

/** Whether evaluations came upon something open: also where an error, or a value without it, was what came out. */
export class Unknowns {
  touched = false;

  /** Ends the evaluation of the innermost expression. */
  touch(): never {
    this.touched = true;
    throw UNKNOWN;
  }
}

export function isUnknownInput(thrown: unknown): boolean {
  return thrown === UNKNOWN;
}

/**
 * A map in which the entries under some names are open: whether they are there, and with what value. Whoever reads one,
 * asks for one or goes over the keys comes upon it; the other entries are as in `known`.
 *
 * @param names may grow: a later one is open from then on
 */
export function openMap<T extends object>(known: T, names: ReadonlySet<string>, unknowns: Unknowns): T {
  const look = (key: string | symbol): void => {
    if (typeof key === 'string' && names.has(key)) unknowns.touch();
  };
  return new Proxy(known, {
    get(target, key) {
      look(key);
      return Reflect.get(target, key);
    },
    has(target, key) {
      look(key);
      return Reflect.has(target, key);
    },
    getOwnPropertyDescriptor(target, key) {
      look(key);
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
    ownKeys(target) {
      if (names.size > 0) unknowns.touch();
      return Reflect.ownKeys(target);
    },
  });
}
