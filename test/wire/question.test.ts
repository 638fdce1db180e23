import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIMITS } from '../../src/core/limits.ts';
import { ALICE, asking, MAIL, MAILER, type Office, openOffice } from './office.ts';

let office: Office;
let archive: string;

beforeAll(async () => {
  office = await openOffice();
  archive = await office.delegate({
    ...MAIL,
    name: 'archive for alice',
    capabilities: [
      { actions: ['archive'], resources: ['document:*'], condition: 'R.attr.size < 10.0' },
      { actions: ['read'], resources: ['document:*'] },
    ],
  });
});
afterAll(() => office[Symbol.asyncDispose]());

/** May the mailer do this to the document for Alice, where these attributes of it are known and those open? */
function openly(action: string, open: unknown, properties: object = {}, key: keyof Office['keys'] = 'gateway') {
  const body = asking(MAILER, action, ALICE, { open_attributes: open }, { type: 'document', id: 'q3', properties });
  return office.ask('POST', '/access/v1/evaluation', { key: office.keys[key], body });
}

describe('context.open_attributes', () => {
  test.each([
    ['archive', ['state', 'size'], {}, [false, 'depends']],
    ['archive', ['size'], { state: 'final' }, [false, 'depends']],
    ['archive', ['size'], { state: 'draft' }, [false, 'denied']],
    ['archive', ['other'], { state: 'final', size: 5 }, [true, 'allowed']],
    ['archive', [], { state: 'final', size: 50 }, [false, 'denied']],
    ['read', ['state', 'size'], {}, [true, 'allowed']],
  ])('%s, %j open: a reason that every caller is told', async (action, open, properties, expected) => {
    const { status, json } = await openly(action, open, properties);
    expect([status, json.decision, json.context.reason]).toEqual([200, ...expected]);
  });

  test.each([
    ['state', 'context/open_attributes must be array'],
    [[1], 'context/open_attributes/0 must be string'],
    [[''], 'context/open_attributes/0 must not have fewer than 1 characters'],
    [Array.from({ length: LIMITS.openAttributes + 1 }, (_, at) => `a${at}`), 'must not have more than 64 items'],
    [['state'], '"state" is sent in resource.properties too: it is either known or open'],
    [['__proto__'], 'context.open_attributes: the document has the key "__proto__", which is refused'],
  ])('%j is refused', async (open, message) => {
    const { status, json } = await openly('archive', open, { state: 'final' });
    expect(status).toBe(400);
    expect(json.error.message).toContain(message);
  });

  test('the record holds them, and walking it again says the same', async () => {
    const { json } = await openly('archive', ['size', 'state'], {}, 'auditor');
    const { id } = json.context;
    const record = await office.ask('GET', `/v1/decisions/${id}`, { key: office.keys.auditor });
    expect(record.json).toMatchObject({ request: { open_attributes: ['size', 'state'] }, reasons: ['depends'] });
    const again = await office.ask('GET', `/v1/decisions/${id}/explain`, { key: office.keys.auditor });
    expect([again.status, again.json.reason, again.json.request.open_attributes]).toEqual([
      200,
      'depends',
      ['size', 'state'],
    ]);
  });

  test('an explanation tells what depends on what', async () => {
    const body = asking(MAILER, 'archive', ALICE, { open_attributes: ['size', 'state'] });
    const explain = (accept: string) =>
      office.ask('POST', '/v1/explain', { key: office.keys.auditor, body, headers: { accept } });
    const { text } = await explain('text/plain');
    expect(
      text
        .replaceAll(archive, 'dlg_1')
        .replace(office.ledger.token(), 'REV')
        .replace(office.ledger.bundle.digest, 'BUNDLE'),
    ).toBe(`\
DEPENDS  agent:mailer may or may not archive document:q3 on behalf of user:alice
  reasons   depends
  open      size, state
  origin    vouched
  decided   2030-01-01T12:00:00Z at revision REV
  bundle    BUNDLE

✗ user:alice  (origin)  ✗ depends   <-- the first hop that depends
│     roles user
│     perhaps allowed by rule final-is-archived of resource.document.vdefault
│       condition R.attr.state == "final" is unknown
│
✗ user:alice delegates to agent:mailer  (dlg_1 "archive for alice")  ✗ depends
│     capability 1: archive on document:*
│     condition R.attr.size < 10.0 is unknown
│     valid without end
▼
✓ agent:mailer  (actor)
      roles agent

What would have been needed:
  1. user:alice, depends: values of what is open (size, state) that decide R.attr.state == "final"
  2. delegation archive for alice, depends: values of what is open (size, state) that decide R.attr.size < 10.0
`);
    expect((await explain('text/vnd.mermaid')).text).toContain('DEPENDS: archive document:q3<br/>depends');
  });
});
