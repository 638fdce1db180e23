import { error, expectValues } from './values.ts';

expectValues('SPIFFE', [
  ['spiffeID("spiffe://cerbos.dev/ns/a").path()', '/ns/a'],
  ['spiffeID("spiffe://cerbos.dev/ns/a").trustDomain().id()', 'spiffe://cerbos.dev'],
  ['spiffeTrustDomain("spiffe://cerbos.dev/x").name()', 'cerbos.dev'],
  ['spiffeID("spiffe://cerbos.dev/a").isMemberOf(spiffeTrustDomain("cerbos.dev"))', true],
  ['spiffeID("spiffe://cerbos.dev/a") == spiffeID("spiffe://cerbos.dev/a")', true],
  ['spiffeID("https://cerbos.dev/a")', error],
  ['spiffeID("spiffe://cerbos.dev/a/")', error],
  ['spiffeID("spiffe://cerbos.dev/a/../b")', error],
  ['spiffeID("spiffe://Cerbos.dev/a")', error],
  ['spiffeMatchAny().matchesID("spiffe://x/y")', true],
  ['spiffeMatchExact("spiffe://x/y").matchesID(spiffeID("spiffe://x/y"))', true],
  ['spiffeMatchExact(spiffeID("spiffe://x/y")).matchesID("spiffe://x/z")', false],
  ['spiffeMatchOneOf(["spiffe://x/y", "spiffe://x/z"]).matchesID("spiffe://x/z")', true],
  ['spiffeMatchTrustDomain("x").matchesID("spiffe://y/z")', false],
]);
