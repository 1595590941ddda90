// What can be seen without running: banned words, types of both hosts, handlers and pages that exist.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { home } from './build.mjs';
import { check, is } from './check.mjs';

const BANNED = /\b(eval|Function|fetch|XMLHttpRequest|FormData|URL|URLSearchParams|AbortController|EventSource|localStorage|document|window|process|globalThis|TextEncoder|crypto)\s*[.(]|\bimport\s*\(/;
const HOSTS = {
  wechat: { types: 'miniprogram-api-typings', markup: 'wxml', style: 'wxss', event: /\bbind(\w+)="(\w+)"/g },
  alipay: { types: '@mini-types/alipay', markup: 'axml', style: 'acss', event: /\bon([A-Z]\w*)="(\w+)"/g },
};
const read = (...parts) => fs.readFileSync(path.join(home, ...parts), 'utf8');
const withoutWords = (code) => code.replace(/\/\*[^]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, '');

function scripts(host) {
  const all = fs.readdirSync(path.join(home, host), { recursive: true });
  return all.filter((name) => name.endsWith('.js')).map((name) => path.join(host, name));
}

function faultsOf(files, options) {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2018, lib: ['lib.es2018.d.ts'], module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10,
    noEmit: true, ...options,
  });
  return ts.getPreEmitDiagnostics(program).map((fault) => {
    const at = fault.file ? `${path.relative(home, fault.file.fileName)}:${fault.file.getLineAndCharacterOfPosition(fault.start).line + 1}` : '';
    return `${at} ${ts.flattenDiagnosticMessageText(fault.messageText, '\n')}`;
  });
}

export async function sources() {
  for (const [host, { types, markup, style, event }] of Object.entries(HOSTS)) {
    await check(`${host}: no script uses what the host does not have`, async () => {
      for (const file of scripts(host)) is(withoutWords(read(file)).match(BANNED)?.[0] ?? null, null, file);
    });
    await check(`${host}: only lib/host.js knows the host, and pages are those of the other program`, async () => {
      const other = host === 'wechat' ? 'alipay' : 'wechat';
      for (const file of scripts(host).filter((name) => name.includes('/pages/'))) {
        is(new RegExp(`\\b(wx|my)\\.`).test(read(file)), false, file);
        is(read(file) === read(file.replace(host, other)), true, file);
      }
    });
    await check(`${host}: its scripts have the types of ${types}`, async () => {
      const folder = fileURLToPath(new URL('node_modules', import.meta.url));
      const entry = { wechat: 'miniprogram-api-typings/index.d.ts', alipay: '@mini-types/alipay/types/index.d.ts' }[host];
      const files = scripts(host).filter((name) => !/\/lib\/(yiwang|socket|documents)\.js$/.test(name)).map((name) => path.join(home, name));
      is(faultsOf([path.join(folder, entry), path.join(folder, '../node-like.d.ts'), ...files], { allowJs: true, checkJs: true, types: [], skipLibCheck: true }), []);
    });
    await check(`${host}: every page has its four files, and every handler exists`, async () => {
      for (const page of JSON.parse(read(host, 'app.json')).pages) {
        for (const kind of ['js', 'json', markup, style]) is(fs.existsSync(path.join(home, host, `${page}.${kind}`)), true, `${page}.${kind}`);
        const script = read(host, `${page}.js`);
        for (const [, , handler] of read(host, `${page}.${markup}`).matchAll(event)) {
          is(new RegExp(`^  (async )?${handler}\\(`, 'm').test(script), true, `${page}: ${handler}`);
        }
      }
    });
  }
}
