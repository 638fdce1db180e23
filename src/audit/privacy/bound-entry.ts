import { hash } from 'node:crypto';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { CheckRequest } from '../../core/decision.ts';
import type { Attributes, Json } from '../../core/entity.ts';
import type { DecisionEntry } from '../log.ts';
import { withoutEchoes } from './without-echoes.ts';

/**
 * Bytes that the documents of one record may take together, as canonical JSON. An MCP call may bring a file as an
 * argument, and the log keeps decisions, not files: the largest documents beyond it are replaced by what tells which
 * they were.
 */
const RECORD_DOCUMENT_BYTES = 64 * 1024;
/** Bytes that one character of a text takes in JSON, at most: those that must be escaped take six. */
const CHARACTER_BYTES = 6;

interface Document {
  readonly path: string;
  readonly of: (request: CheckRequest) => Attributes | undefined;
  readonly replaced: (request: CheckRequest, by: Attributes) => CheckRequest;
}

const ASSERTED = ['origin', 'actor'] as const;
const DOCUMENTS: readonly Document[] = [
  {
    path: 'request.resource_attributes',
    of: ({ resourceAttributes }) => resourceAttributes,
    replaced: (request, resourceAttributes) => ({ ...request, resourceAttributes }),
  },
  {
    path: 'request.context',
    of: ({ context }) => context,
    replaced: (request, context) => ({ ...request, context }),
  },
  {
    path: 'request.action_properties',
    of: ({ actionProperties }) => actionProperties,
    replaced: (request, actionProperties) => ({ ...request, actionProperties }),
  },
  {
    path: 'request.aux_data',
    of: ({ auxData }) => auxData,
    replaced: (request, auxData) => ({ ...request, auxData }),
  },
  ...ASSERTED.map(
    (who): Document => ({
      path: `request.asserted.${who}.attributes`,
      of: ({ asserted }) => asserted?.[who]?.attributes,
      replaced: (request, attributes) => ({
        ...request,
        asserted: { ...request.asserted, [who]: { ...request.asserted?.[who], attributes } },
      }),
    }),
  ),
];

/**
 * The entry with documents that are small enough for a record. One that is not becomes `{"bytes": …, "sha256": …}`,
 * of its canonical JSON as it would have been written, so after redaction; `redacted` names it, and what may repeat it
 * is gone as well. The entry itself where nothing is too large.
 *
 * @throws TypeError for documents that have no canonical form, where they may be too large
 */
export function boundEntry(entry: DecisionEntry): DecisionEntry {
  let left = RECORD_DOCUMENT_BYTES / CHARACTER_BYTES;
  for (const { of } of DOCUMENTS) left = spend(of(entry.request), left);
  if (left >= 0) return entry;
  const found = DOCUMENTS.flatMap((document) => {
    const value = document.of(entry.request);
    if (value === undefined) return [];
    const text = canonicalJson(value);
    return [{ document, text, bytes: Buffer.byteLength(text) }];
  });
  let total = found.reduce((sum, { bytes }) => sum + bytes, 0);
  let { request } = entry;
  const redacted: string[] = [];
  for (const { document, text, bytes } of found.sort((one, other) => other.bytes - one.bytes)) {
    if (total <= RECORD_DOCUMENT_BYTES) break;
    total -= bytes;
    request = document.replaced(request, { bytes, sha256: hash('sha256', text, 'hex') });
    redacted.push(document.path);
  }
  if (redacted.length === 0) return entry;
  return {
    ...entry,
    request,
    decision: withoutEchoes(entry.decision),
    redacted: [...(entry.redacted ?? []), ...redacted.sort()],
  };
}

/** What is left of a number of characters after a value; below 0 as soon as that is known. */
function spend(value: Json | undefined, left: number): number {
  if (value === undefined) return left;
  if (typeof value === 'string') return left - value.length - 2;
  // No number takes more.
  if (typeof value !== 'object' || value === null) return left - 25;
  let rest = left - 2;
  for (const name in value) {
    rest -= name.length + 4;
    if (rest < 0) return rest;
    rest = spend((value as { readonly [name: string]: Json })[name], rest);
  }
  return rest;
}
