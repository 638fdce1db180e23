#!/usr/bin/env node
// Plain JavaScript that an old Node reads too, so that it can be told which one is needed.
const needed = [22, 18];
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  console.error(
    `behalf needs Node ${needed.join('.')} or newer; this is ${process.versions.node} (${process.execPath})`,
  );
  process.exitCode = 2;
} else {
  // A checkout runs its source; the package ships it compiled, because Node strips no types below node_modules.
  import('node:fs')
    .then(({ existsSync }) => {
      const source = new URL('./main.ts', import.meta.url);
      return import(existsSync(source) ? source.href : new URL('../dist/main.js', import.meta.url).href);
    })
    .catch((error) => {
      console.error(error);
      process.exitCode = 2;
    });
}
