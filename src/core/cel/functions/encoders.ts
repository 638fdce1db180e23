import type { Environment } from '@marcbachmann/cel-js';
import { spend } from '../evaluation.ts';
import { fail } from '../fault.ts';
import { toJson } from '../to-json.ts';
import { fromBase64, toBase64 } from './base64.ts';
import { define, defineNamespace } from './define.ts';

function decode(text: string): Uint8Array {
  return fromBase64(text) ?? fail('base64.decode() takes base64');
}

function encode(bytes: Uint8Array): string {
  spend(bytes.length >> 4);
  return toBase64(bytes);
}

function encodeJson(value: unknown): string {
  const text = JSON.stringify(toJson(value));
  spend(text.length >> 4);
  return text;
}

/** cel-go's extension library "Encoders", and Cerbos's `json.encode` and `id`. */
export function registerEncoders(environment: Environment): void {
  defineNamespace(environment, 'base64', { 'encode(bytes): string': encode, 'decode(string): bytes': decode });
  defineNamespace(environment, 'json', { 'encode(dyn): string': encodeJson });
  define(environment, { 'id(dyn): dyn': (value: unknown) => value });
}
