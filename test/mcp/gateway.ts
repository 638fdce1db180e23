import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { Caller } from '../../src/callers/caller.ts';
import { enginePoint } from '../../src/cli/engine-point.ts';
import { Behalf, BehalfError } from '../../src/client/client.ts';
import type { SourceFile } from '../../src/engine/bundles/publish.ts';
import { Checks } from '../../src/engine/check.ts';
import { startHttpProxy } from '../../src/mcp/http/proxy.ts';
import type { HttpProxy, HttpProxyOptions, KeyHolder } from '../../src/mcp/http/proxy-options.ts';
import { remotePoint } from '../../src/mcp/remote-point.ts';
import { openServer, type ServerUnderTest } from '../wire/server-under-test.ts';

/** Users may use everything of the server `every`; what their agents may is for the delegations to say. */
const FILES: readonly SourceFile[] = ['tool', 'resource', 'prompt', 'mcp_server'].map((type) => ({
  path: `policies/${type}.yaml`,
  text: `apiVersion: api.cerbos.dev/v1
resourcePolicy:
  resource: ${type}
  version: default
  rules:
    - actions: ['*']
      effect: EFFECT_ALLOW
      roles: [user]
`,
}));

/** The proxy's own caller: vouches for the people whose tokens the proxy verifies. */
const PROXY: Caller = {
  id: 'the-proxy',
  roles: ['check'],
  actors: ['agent:*'],
  origins: ['user:*'],
  vouches: ['user:*'],
  direct: false,
  asserts: [],
  agents: { 'helper-app': 'agent:helper', 'reader-app': 'agent:reader' },
  mode: 'enforce',
};

const ISSUER = 'https://login.example.com';
const AUDIENCE = 'https://mcp.example.com/mcp';

export interface Gateway extends AsyncDisposable {
  /** Where it listens. */
  readonly url: string;
  readonly behalf: ServerUnderTest;
  /** A caller's key, by the agent that it is. */
  readonly keys: { readonly helper: string; readonly reader: string; readonly nobody: string };
  readonly admin: string;
  /** The delegation of alice to the helper. */
  readonly helping: string;
  /** An access token of alice's, issued to a client. */
  token(client: string, claims?: object): Promise<string>;
  /** Starts a proxy that knows everybody; stopped with the gateway at the latest. */
  proxy(options: Partial<HttpProxyOptions> & Pick<HttpProxyOptions, 'upstream'>): Promise<HttpProxy>;
  readonly logged: string[];
}

/**
 * A running Behalf, and proxies that ask it: about agents with a key over HTTP, about the holders of access tokens in
 * this process. The helper may use everything of the server for alice; the reader may call echo and the tool that asks
 * for a sampling, but not be asked for one.
 */
export async function openGateway(): Promise<Gateway> {
  const behalf = openServer({ files: FILES });
  const url = await behalf.app.listen({ host: '127.0.0.1', port: 0 });
  const agent = (name: string) =>
    behalf.key({ id: name, roles: ['check'], principal: `agent:${name}`, origins: ['user:*'], vouches: ['user:*'] });
  const admin = behalf.key({ id: 'admin', roles: ['administer', 'audit'] });
  const keys = {
    helper: agent('helper'),
    reader: agent('reader'),
    nobody: behalf.key({ id: 'none', roles: ['check'] }),
  };
  const delegate = async (to: string, capabilities: readonly object[]): Promise<string> => {
    const body = { from: 'user:alice', to, capabilities };
    const made = await behalf.ask('POST', '/v1/delegations', { key: admin, body });
    if (made.status !== 201) throw new Error(made.text);
    return made.json.delegation.id;
  };
  const everything = ['tool:every/*', 'resource:every/*', 'prompt:every/*', 'mcp_server:every'];
  const helping = await delegate('agent:helper', [{ actions: ['*'], resources: everything }]);
  await delegate('agent:reader', [
    { actions: ['call'], resources: ['tool:every/echo', 'tool:every/trigger-sampling-request'] },
  ]);
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', alg: 'ES256' };
  const proxies: HttpProxy[] = [];
  const logged: string[] = [];
  const inProcess = enginePoint(new Checks(behalf.ledger, behalf.log), PROXY);

  return {
    behalf,
    url,
    keys,
    admin,
    helping,
    logged,
    token: (client, claims = {}) =>
      new SignJWT({ client_id: client, ...claims })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'one' })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject('alice')
        .setExpirationTime('1h')
        .sign(privateKey),
    proxy: async (options) => {
      const started = await startHttpProxy({
        server: 'every',
        senders: {
          keys: (key) => holderOf(url, key),
          tokens: { keys: { keys: [jwk] }, issuer: ISSUER, audience: AUDIENCE },
          onBehalfOf: 'user:alice',
        },
        point: (credential) =>
          credential.kind === 'key' ? remotePoint(new Behalf({ url, key: credential.key })) : inProcess,
        log: (text) => logged.push(text),
        ...options,
      });
      if (!started.ok) throw new Error(started.error);
      proxies.push(started.value);
      return started.value;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(proxies.map((proxy) => proxy.close()));
      await behalf[Symbol.asyncDispose]();
    },
  };
}

/** As the command finds it out with a running Behalf. */
async function holderOf(url: string, key: string): Promise<KeyHolder | undefined> {
  try {
    const { id, principal } = await new Behalf({ url, key }).callers.own();
    return { caller: id, ...(principal === undefined ? undefined : { principal }) };
  } catch (fault) {
    if (fault instanceof BehalfError && fault.status === 401) return undefined;
    throw fault;
  }
}
