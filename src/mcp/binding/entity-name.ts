import { type EntityId, shorten, toEntity } from '../../core/entity.ts';
import { err, type Result } from '../../core/result.ts';

/** What MCP servers offer, as types of the model. */
export type McpType = 'tool' | 'resource' | 'prompt' | 'task';

/** Everything but the unreserved characters of RFC 3986 (section 2.3) that encodeURIComponent leaves as it is. */
const LEFT_OVER = /[!'()*]/g;

/**
 * The entity that something under an MCP server is: `tool:SERVER/NAME`. The server's own name for it is one segment,
 * percent-encoded once (RFC 3986, section 2.1: UTF-8, uppercase hexadecimal) and not normalised, so that two
 * different names never become one entity. Not every name has one: the error says why not.
 *
 * `server` is the name that the configuration gives the server, never one that it gives itself.
 */
export function toMcpEntity(type: McpType, server: string, name: string): Result<EntityId, string> {
  const fault = serverNameFault(server);
  if (fault !== undefined) return err(fault);
  if (!name.isWellFormed()) return err(`the name "${shorten(name)}" is not Unicode text: it has half a surrogate pair`);
  return toEntity(type, `${server}/${percentEncode(name)}`);
}

/** The server itself, `mcp_server:SERVER`. */
export function toServerEntity(server: string): Result<EntityId, string> {
  const fault = serverNameFault(server);
  return fault === undefined ? toEntity('mcp_server', server) : err(fault);
}

/**
 * What is wrong with the configured name of a server, or undefined. It is one segment of an id: with a separator in
 * it, what is said of one server (`tool:github/*`) would be said of another.
 */
export function serverNameFault(server: string): string | undefined {
  if (/[/:]/.test(server))
    return `the server's name "${shorten(server)}" has a separator (/ or :): it is one plain name`;
  const entity = toEntity('mcp_server', server);
  return entity.ok ? undefined : `the server's name cannot be used: ${entity.error}`;
}

/** One segment of an id from any well-formed text. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    LEFT_OVER,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
