import type { Bundle } from '../../core/snapshot.ts';
import { validateBundle } from './publish.ts';

/** In force while none was published: everything is denied. */
export function noBundle(): Bundle {
  const empty = validateBundle([]);
  if (!empty.ok) throw new Error('no files at all do not compile');
  return empty.value;
}
