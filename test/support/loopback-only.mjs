import { Server } from 'node:net';

// Preloaded into servers that cannot be told where to listen: without an address they take loopback.
const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  if (/^\d+$/.test(String(args[0])) && typeof args[1] !== 'string') args.splice(1, 0, '127.0.0.1');
  return listen.apply(this, args);
};
