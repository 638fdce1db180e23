import { readdirSync, readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import type { KeySetSource } from '../wire/app.ts';

/**
 * The key sets of a directory, one a file: `NAME.pem`, or a JWK or JWK set in `NAME.jwk`, `.jwks` or `.json`. NAME is
 * what requests call it. Throws what the file system throws.
 */
export function readKeySets(directory: string): readonly KeySetSource[] {
  return readdirSync(directory)
    .filter((name) => /^[^.].*\.(jwks?|json|pem)$/.test(name))
    .sort()
    .map((name) => ({
      id: basename(name, extname(name)),
      format: name.endsWith('.pem') ? 'pem' : 'jwk',
      text: readFileSync(join(directory, name), 'utf8'),
    }));
}
