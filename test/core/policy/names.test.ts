import { describe, expect, it } from 'vitest';
import { policyName, ruleName, scopeChain } from '../../../src/core/policy/names.ts';

describe('policyName', () => {
  it.each([
    ['resource', 'document', 'default', '', 'resource.document.vdefault'],
    ['resource', 'album:object', 'default', 'acme.hr', 'resource.album_object.vdefault/acme.hr'],
    ['principal', 'jane@example.com', 'v1', '', 'principal.jane_example.com.vv1'],
    ['principal', 'arn:aws:iam::1:user/x', 'default', '', 'principal.arn:aws:iam::1:user/x.vdefault'],
    ['role', '20210210_admin', '20210210', '', 'role.20210210_admin.v20210210'],
  ] as const)('%s %s %s %s', (kind, name, version, scope, expected) => {
    expect(policyName(kind, name, version, scope)).toBe(expected);
  });
});

describe('ruleName', () => {
  it('counts from one', () => {
    expect(ruleName(0)).toBe('rule-001');
    expect(ruleName(11, 'doc')).toBe('doc_rule-012');
  });
});

describe('scopeChain', () => {
  it('goes from the scope to the root', () => {
    expect(scopeChain('acme.hr.uk')).toEqual(['acme.hr.uk', 'acme.hr', 'acme', '']);
    expect(scopeChain('acme')).toEqual(['acme', '']);
    expect(scopeChain('')).toEqual(['']);
  });
});
