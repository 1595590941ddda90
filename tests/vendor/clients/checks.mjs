// usage: node checks.mjs HTTP_URL LEVERS_URL
// Weighs, compiles and runs docs/clients; prints `ok NAME` for each check and `checks: N`.
import fs from 'node:fs';
import path from 'node:path';
import { home, small, stale } from './build.mjs';
import { check, is, summary } from './check.mjs';
import { programs } from './programs.mjs';
import { core } from './core.mjs';
import { native } from './native.mjs';
import { simulated } from './simulated.mjs';
import { sources } from './sources.mjs';

const [url, levers] = process.argv.slice(2);
const LIMIT = 2048;

await check('everything that is made is fresh', async () => is(await stale(), []));
for (const name of ['yiwang', 'socket']) {
  await check(`${name}.js is below ${LIMIT} bytes, and is what both samples ship`, async () => {
    const code = await small(fs.readFileSync(path.join(home, 'core', `${name}.js`), 'utf8'));
    if (Buffer.byteLength(code) >= LIMIT) throw new Error(`${Buffer.byteLength(code)} bytes`);
    for (const host of ['wechat', 'alipay']) is(fs.readFileSync(path.join(home, host, 'lib', `${name}.js`), 'utf8'), code);
  });
}
await sources();
for (const kind of ['wx', 'my']) await core(kind, url, levers);
for (const kind of ['wx', 'my']) await programs(kind, url, levers);
await native(url, levers);
await simulated(url, levers);
summary();
