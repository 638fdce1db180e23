import { beforeEach, describe, expect, test } from 'vitest';
import { OPERATOR } from '../../src/cli/operator.ts';
import { validateBundle } from '../../src/engine/bundles/publish.ts';
import { Ledger } from '../../src/engine/ledger.ts';
import { isEmpty, type Seed, seed } from '../../src/engine/seed.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';

const MODEL = 'model\n  schema 1.1\ntype user\ntype document\n  relations\n    define reader: [user]\n';
const SEED: Seed = {
  entities: [{ entity: 'user:alice', roles: ['b', 'a', 'b'], attributes: { x: 1 } }],
  tuples: [{ user: 'user:alice', relation: 'reader', object: 'document:q3' }],
};
let ledger: Ledger;

beforeEach(() => {
  const bundle = validateBundle([{ path: 'model/m.fga', text: MODEL }]);
  if (!bundle.ok) throw new Error('the model does not compile');
  ledger = new Ledger(openSqliteStore(':memory:'), () => 1000, bundle.value);
});

describe('seed', () => {
  test('is written in one revision', () => {
    expect(isEmpty(ledger)).toBe(true);
    expect(seed(ledger, SEED, OPERATOR)).toEqual({ ok: true, value: { revision: ledger.token(1) } });
    expect(isEmpty(ledger)).toBe(false);
    expect(ledger.snapshot.entity('user:alice')).toEqual({
      entity: 'user:alice',
      roles: ['a', 'b'],
      attributes: { x: 1 },
      suspended: false,
      deleted: false,
    });
    expect([...ledger.snapshot.tuples.all()]).toEqual(SEED.tuples);
  });

  test.each<[string, Partial<Seed>, string]>([
    ['an unknown type', { entities: [{ entity: 'robot:r', roles: [], attributes: {} }] }, 'entities/0'],
    ['a malformed entity', { entities: [{ entity: 'user:a b', roles: [], attributes: {} }] }, 'entities/0'],
    [
      "a type's name as a role",
      { entities: [{ entity: 'user:a', roles: ['document'], attributes: {} }] },
      'entities/0',
    ],
    [
      'attributes that are refused',
      { entities: [{ entity: 'user:a', roles: [], attributes: { constructor: 1 } }] },
      'entities/0',
    ],
    [
      'a relation that is not there',
      { tuples: [...SEED.tuples, { user: 'user:b', relation: 'writer', object: 'document:q3' }] },
      'tuples/1',
    ],
  ])('%s changes nothing', (_name, change, field) => {
    const refused = seed(ledger, { ...SEED, ...change }, OPERATOR);
    expect(refused).toMatchObject({ ok: false, error: { code: 'unprocessable', errors: [{ field }] } });
    expect(ledger.revision).toBe(0);
  });

  test('takes an administrator', () => {
    const refused = seed(ledger, SEED, { ...OPERATOR, roles: ['author'] });
    expect(refused).toMatchObject({ ok: false, error: { code: 'forbidden' } });
  });
});
