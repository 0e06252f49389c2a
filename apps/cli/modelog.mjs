#!/usr/bin/env node
// `npx modelog`: installs and builds what is missing or stale, then goes on as the compiled command line.
import process from 'node:process';

process.argv.splice(2, 0, 'modelog');
await import(new URL('../platform/bootstrap/main.mjs', import.meta.url).href);
