// The sample of the native app: compiled as strictly as can be, and run on Node's fetch.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
import ts from 'typescript';
import { home } from './build.mjs';
import { check, is, pull } from './check.mjs';

function compile(to) {
  const files = ['host.ts', 'pay.ts'].map((name) => path.join(home, 'native', name));
  const program = ts.createProgram([...files, path.join(home, 'core/yiwang.ts')], {
    target: ts.ScriptTarget.ES2020, lib: ['lib.es2020.d.ts', 'lib.dom.d.ts'], module: ts.ModuleKind.CommonJS, strict: true, types: [],
    noUnusedLocals: true, noUnusedParameters: true, rootDir: home, outDir: to,
  });
  is(ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')), []);
  program.emit();
  fs.mkdirSync(path.join(to, 'types'), { recursive: true });
  fs.copyFileSync(path.join(home, 'types/documents.js'), path.join(to, 'types/documents.js'));
  return createRequire(import.meta.url)(path.join(to, 'native/pay.js'));
}

export async function native(url, levers) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'yiwang-native-'));
  await check('native: by phone, what is owed, and paid with the SDK of Alipay', async () => {
    const { app } = compile(folder);
    // Compiling has held everything up: connections that were closed meanwhile are noticed first, or one is used.
    await new Promise((go) => setTimeout(go, 100));
    const { fetchHost } = createRequire(import.meta.url)(path.join(folder, 'native/host.js'));
    const citizen = await pull(levers, 'citizens');
    let session = null;
    const keeper = { load: () => session, save: (next) => (session = next) };
    const mine = app(fetchHost(fetch), url, keeper);
    await mine.sendCode(citizen.phone);
    const { messages } = await (await fetch(`${levers}/sms`)).json();
    await mine.signIn(citizen.phone, messages.at(-1).code, 'native-1');
    is(session.accessToken, mine.api.token());
    await mine.proveName(citizen.name, citizen.idCard);
    const [notice] = await mine.owed();
    const wish = await mine.wish([notice.noticeNo], 'ALIPAY');
    const opened = [];
    const status = await mine.pay(wish, async (cashier) => {
      opened.push(cashier.__typename);
      await pull(levers, 'alipay/app-cashier', { orderString: cashier.orderString, citizenId: citizen.citizenId });
      const { trades } = await (await fetch(`${levers}/alipay/trades`)).json();
      await pull(levers, `alipay/trades/${trades.find(({ citizenId }) => citizenId === citizen.citizenId).outTradeNo}/approve`);
    });
    is([status, opened], ['PAID', ['AlipayAppCashier']]);
    is(await mine.pay(wish, async () => opened.push('again')), 'PAID');
    is(opened.length, 1, 'the same wish again opens nothing');
  });
  await check('native: a refusal and a failure have words', async () => {
    const { app, words } = compile(folder);
    const { fetchHost } = createRequire(import.meta.url)(path.join(folder, 'native/host.js'));
    const mine = app(fetchHost(fetch), url, { load: () => null, save: () => {} });
    const refusal = await mine.signIn('13800138000', '000000', 'native-2').catch(words);
    is(/[一-龥]/.test(refusal), true, refusal);
    const lost = app(fetchHost(() => Promise.reject(new Error('no network'))), url, { load: () => null, save: () => {} });
    is(await lost.signIn('13800138000', '000000', 'native-2').catch(words), '网络不给力，请重试');
  });
  fs.rmSync(folder, { recursive: true });
}
