import type { Attributes } from '../../core/entity.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { type Failure, failure } from '../../engine/failure.ts';
import type { CerbosApp } from './jwt.ts';
import type { AuxData } from './messages.ts';

/** What the token proves, at `request.auxData.jwt`. One that cannot be verified fails the request (Cerbos). */
export async function auxDataOf(
  { auxData }: { readonly auxData?: AuxData },
  { verifyJwt }: CerbosApp,
): Promise<Result<Attributes | undefined, Failure>> {
  if (auxData?.jwt === undefined) return ok(undefined);
  const { token, keySetId } = auxData.jwt;
  if (verifyJwt === undefined) {
    return err(failure('invalid', 'invalid auxData: no key sets are configured to verify a JWT with (jwt_keysets)'));
  }
  const claims = await verifyJwt(token, keySetId);
  if (!claims.ok) return err(failure('invalid', `invalid auxData: ${claims.error}`));
  return ok({ jwt: claims.value });
}
