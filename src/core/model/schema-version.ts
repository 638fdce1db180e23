import type { Problem } from '../problem.ts';
import type { Place } from './source-model.ts';

/** 1.2 is 1.1 with modules; 1.0 has no type restrictions, which is what makes stored relationships checkable. */
const SUPPORTED: readonly unknown[] = ['1.1', '1.2'];

/** Problems with a model's schema version. */
export function checkSchemaVersion(version: unknown, place: Place): readonly Problem[] {
  if (SUPPORTED.includes(version)) return [];
  return [
    {
      message: 'the schema version is not supported',
      ...place,
      found: version === undefined ? 'none' : JSON.stringify(version),
      expected: '1.1 or 1.2',
    },
  ];
}
