import { createHash } from 'node:crypto';
import type { Model } from '../../core/model/model.ts';
import { parseModel } from '../../core/model/parse-model.ts';
import { parseModelFile } from '../../core/model/parse-model-file.ts';
import { type ModelJson, toModelJson } from '../../core/model/to-model-json.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { Bundle, Snapshot } from '../../core/snapshot.ts';
import type { SourceFile } from '../bundles/publish.ts';
import { failure } from '../failure.ts';
import type { Ledger } from '../ledger.ts';
import type { RelationshipFailure } from './relationship-failure.ts';

/** A model that was once put in force, and its id. */
export class PublishedModel {
  /** A ULID: of the time of its publication, and of what was published. */
  readonly id: string;
  private readonly files: readonly SourceFile[];
  private compiled: Model | undefined;

  constructor(files: readonly SourceFile[], revision: number, at: number) {
    this.files = files;
    this.id = toUlid(at, JSON.stringify([revision, files.map(({ path, text }) => [path, text])]));
  }

  /** Undefined where this version of Behalf refuses what an earlier one took. */
  get model(): Model | undefined {
    if (this.compiled === undefined) {
      const parsed = parseModel(this.files);
      if (parsed.ok) this.compiled = parsed.value;
    }
    return this.compiled;
  }

  get json(): ModelJson | undefined {
    const { model } = this;
    if (model === undefined) return undefined;
    const versions = this.files.map(({ path, text }) => parseModelFile(path, text).schemaVersion);
    return toModelJson(model, versions.find((version) => version !== undefined) ?? '1.1');
  }
}

const known = new WeakMap<Bundle, readonly PublishedModel[]>();

/**
 * Every model that was ever in force, the newest first. A bundle with the model of the one before it keeps that one's
 * id: policies come and go under the same model. The same model published again later is another one.
 */
export function publishedModels(ledger: Ledger): readonly PublishedModel[] {
  const before = known.get(ledger.bundle);
  if (before !== undefined) return before;
  const models: PublishedModel[] = [];
  let last = '';
  for (const { value, revision, at } of [...ledger.store.versions('bundle', 'current')].reverse()) {
    const files = value.files.filter(({ path }) => path.startsWith('model/'));
    const text = JSON.stringify(files);
    if (text !== last && files.length > 0) models.unshift(new PublishedModel(files, revision, at));
    last = text;
  }
  known.set(ledger.bundle, models);
  return models;
}

/** OpenFGA's form of an `authorization_model_id`. */
const ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;

/** The model that a request names by its id, or the one in force where it names none. */
export function modelFor(ledger: Ledger, snapshot: Snapshot, id = ''): Result<Model, RelationshipFailure> {
  const inForce = snapshot.bundle.model;
  if (id === '') {
    if (inForce !== undefined) return ok(inForce);
    return err({
      ...failure('unprocessable', 'there is no model: relationships need one'),
      fault: 'no_model',
    });
  }
  const found = findModel(ledger, id);
  if (!found.ok) return found;
  const model = found.value === publishedModels(ledger)[0] ? (inForce ?? found.value.model) : found.value.model;
  return model === undefined ? err(unknownModel(id)) : ok(model);
}

/** The published model with an id. */
export function findModel(ledger: Ledger, id: string): Result<PublishedModel, RelationshipFailure> {
  if (!ID.test(id)) {
    return err(failure('invalid', `authorization_model_id "${id.slice(0, 64)}" is not a ULID: 26 characters`));
  }
  const found = publishedModels(ledger).find((model) => model.id === id);
  return found === undefined ? err(unknownModel(id)) : ok(found);
}

function unknownModel(id: string): RelationshipFailure {
  const message = `there is no authorization model ${id}: leave the id out for the one in force`;
  return { ...failure('unprocessable', message), fault: 'model_not_found' };
}

/** Crockford's alphabet. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** 48 bits of time (ms) and 80 of the text's digest (github.com/ulid/spec). */
function toUlid(at: number, text: string): string {
  const digest = BigInt(`0x${createHash('sha256').update(text).digest('hex').slice(0, 20)}`);
  let value = (BigInt(at) << 80n) | digest;
  let id = '';
  for (let digit = 0; digit < 26; digit += 1) {
    id = DIGITS.charAt(Number(value & 31n)) + id;
    value >>= 5n;
  }
  return id;
}
