// usage: node clerk.mjs BASE_URL FOLDER STAFF.json PHASE
// The clerk's day in headless Chromium, from the keyboard alone: Tab, letters, Space and Enter; nothing is clicked.
// Phase 1: sign in, see the day, take and propose one of each kind, another person agrees, it is done.
// Phase 2: what a later file proved, then close, seal, export. Pictures of each page into FOLDER, axe on each.
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import puppeteer from 'puppeteer-core';

const [base, folder, staffFile, phase] = process.argv.slice(2);
const { day, staff, codes } = JSON.parse(readFileSync(staffFile, 'utf8'));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let checks = 0;
let pictures = 0;

function holds(condition, what) {
  if (!condition) throw new Error(what);
}

/** The six digits of RFC 6238, so many steps from now. */
function code(secret, steps) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + steps));
  const tag = createHmac('sha1', key).update(counter).digest();
  const at = tag[19] & 15;
  return String((tag.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, '0');
}

function chromium() {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch { /* the next one */ }
  }
  throw new Error('no Chromium is there');
}

const browser = await puppeteer.launch({
  executablePath: chromium(),
  args: ['--no-sandbox', '--no-proxy-server', '--disable-gpu', '--lang=zh-CN', '--disable-component-update'],
});
const wrong = [];

/** Somebody with a browser of their own. */
async function person(size = { width: 1366, height: 768 }) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport(size);
  page.on('console', (message) => {
    // A refusal is a page with its status, which the browser notes as an error of the network.
    const noted = message.text().includes('Failed to load resource');
    if (['error', 'warn'].includes(message.type()) && !noted) wrong.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => wrong.push(`script: ${error.message}`));
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== 'data:' && origin !== base) wrong.push(`outside: ${request.url()}`);
  });
  return page;
}

const focused = (page) => page.evaluate(() => {
  const e = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(e);
  return {
    id: e.id, name: e.name ?? '', value: e.value ?? '', text: (e.textContent ?? '').trim(), href: e.getAttribute('href') ?? '',
    seen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
  };
});

/** Tab until the focus is on what fits; the focus must be seen there. */
async function tabTo(page, fits, what) {
  for (let presses = 0; presses < 900; presses += 1) {
    const now = await focused(page);
    if (fits(now)) {
      holds(now.seen, `the focus on ${what} is not seen`);
      return now;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`${what} is not reached by Tab`);
}

const byId = (id) => (now) => now.id === id;

async function press(page, key) {
  await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), page.keyboard.press(key)]);
}

async function link(page, href) {
  await tabTo(page, (now) => now.href === href, href);
  await press(page, 'Enter');
}

async function button(page, text) {
  await tabTo(page, (now) => now.text.startsWith(text), text);
  await press(page, 'Enter');
}

async function fill(page, id, text) {
  await tabTo(page, byId(id), id);
  await page.keyboard.down('Control');
  await page.keyboard.press('KeyA');
  await page.keyboard.up('Control');
  await page.keyboard.type(text);
}

const text = (page) => page.evaluate(() => document.body.innerText);

/** What the page must be: complete, readable, no wider than the screen; a picture of it. */
async function look(page, name) {
  checks += 1;
  const client = await page.createCDPSession();
  const asked = `(() => { ${axe}; return axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).slice(0, 3).join('; '))) })()`;
  const { result, exceptionDetails } = await client.send('Runtime.evaluate', {
    expression: asked, awaitPromise: true, returnByValue: true,
  });
  await client.detach();
  holds(!exceptionDetails, JSON.stringify(exceptionDetails));
  holds(result.value.length === 0, `${name}: axe: ${result.value.join('\n')}`);
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  holds(fits, `${name} is wider than the screen`);
  pictures += 1;
  await page.screenshot({ path: join(folder, `${phase}-${String(pictures).padStart(2, '0')}-${name}.png`) });
}

async function signIn(who, steps) {
  const page = await person();
  await page.goto(`${base}/staff/`, { waitUntil: 'load' });
  // A browser gives the first field the focus when it next draws, which may be after the page was loaded.
  await page.waitForFunction(() => document.activeElement?.id === 'name', { timeout: 10000 });
  await page.keyboard.type(staff[who].name);
  await page.keyboard.press('Tab');
  await page.keyboard.type(staff[who].password);
  await page.keyboard.press('Tab');
  await page.keyboard.type(code(staff[who].secret, steps));
  await press(page, 'Enter');
  holds((await text(page)).includes('对账日历'), `${who} is not signed in: ${await text(page)}`);
  return page;
}

const path = `/staff/desk/${day}`;

/** Proposes the first action for the first open exception of a code; answers where the proposal is. */
async function propose(clerk, wanted) {
  // The next day's bill, which proves one of these, is WeChat Pay's.
  const rail = wanted === 'L07' ? '&rail=WECHAT_PAY' : '';
  await clerk.goto(`${base}${path}/list?code=${wanted}${rail}`, { waitUntil: 'load' });
  const first = await tabTo(clerk, (now) => now.href.startsWith('/staff/exceptions/DZ'), `an exception ${wanted}`);
  await press(clerk, 'Enter');
  holds((await text(clerk)).includes('热线答复'), first.href);
  await button(clerk, '提出处理');
  return { exception: first.href, proposal: new URL(clerk.url()).pathname };
}

/** Proposes to go on without every file of a code: all rows of the list, the second action. */
async function waive(clerk, wanted) {
  await clerk.goto(`${base}${path}/list?code=${wanted}`, { waitUntil: 'load' });
  await tabTo(clerk, (now) => now.name === '' && now.value === 'on', 'the box for all');
  await clerk.keyboard.press('Space');
  await tabTo(clerk, byId('action'), 'the action');
  await clerk.keyboard.press('ArrowDown');
  holds((await focused(clerk)).value === 'ACCEPT', `${wanted}: ${(await focused(clerk)).value}`);
  await fill(clerk, 'reason', '渠道确认文件无法补发');
  await button(clerk, '提出处理');
  return { exception: '', proposal: new URL(clerk.url()).pathname };
}

/** Agrees to what is shown. */
async function agree(page, proposal) {
  await page.goto(base + proposal, { waitUntil: 'load' });
  await button(page, '同意');
}

async function execute(clerk, proposal, reference) {
  await clerk.goto(base + proposal, { waitUntil: 'load' });
  await fill(clerk, 'reference', reference);
  await button(clerk, '登记已执行');
  holds((await text(clerk)).includes('已执行'), proposal);
}

const steps = phase === '1' ? 0 : 1;
const clerk = await signIn('clerk', steps);
const checker = await signIn('checker', steps);
const finance = await signIn('finance', steps);

if (phase === '1') {
  const nobody = await person();
  await nobody.goto(`${base}/staff/`, { waitUntil: 'load' });
  await look(nobody, 'sign-in');
  await nobody.close();
  await look(clerk, 'calendar');
  await link(clerk, path);
  await look(clerk, 'day');
  await link(clerk, `${path}/list`);
  await look(clerk, 'list');
  // Down with J, marked with X, up with K.
  await clerk.evaluate(() => document.activeElement.blur());
  await clerk.keyboard.press('j');
  await clerk.keyboard.press('j');
  await clerk.keyboard.press('x');
  await clerk.keyboard.press('k');
  const marked = await clerk.$$eval('input[name=pick]:checked', (boxes) => boxes.length);
  holds(marked === 1, `${marked} rows are marked`);
  // All of them are the clerk's.
  await tabTo(clerk, (now) => now.name === '' && now.value === 'on', 'the box for all');
  await clerk.keyboard.press('Space');
  const all = await clerk.$$eval('input[name=pick]:checked', (boxes) => boxes.length);
  holds(all > 20, `${all} rows are marked`);
  await button(clerk, '由我负责');
  const proposals = [];
  for (const wanted of codes) {
    const made = await (['F01', 'F02', 'F03'].includes(wanted) ? waive : propose)(clerk, wanted);
    proposals.push(made);
    if (wanted === 'L07') {
      await look(clerk, 'proposal-own');
      holds((await text(clerk)).includes('提出人不能复核自己的提案'), 'the maker is told');
    }
    await agree(checker, made.proposal);
    if ((await text(checker)).includes('（1/2）')) await agree(finance, made.proposal);
    holds((await text(checker)).length > 0, made.proposal);
  }
  await checker.goto(`${base}/staff/proposals`, { waitUntil: 'load' });
  await look(checker, 'proposals');
  await checker.goto(base + proposals[0].proposal, { waitUntil: 'load' });
  await look(checker, 'proposal-agreed');
  for (const made of proposals) await execute(clerk, made.proposal, '记账凭证2026-1001');
  await clerk.goto(base + proposals[codes.indexOf('L07')].exception, { waitUntil: 'load' });
  await look(clerk, 'exception');
  holds((await text(clerk)).includes('待印证'), 'a refund waits for its proof');
  // Both sides beside each other; what is personal is covered until somebody says why.
  holds((await text(clerk)).includes('各方记录'), 'the lines of both sides are there');
  holds((await clerk.$$eval('table.legs thead th', (heads) => heads.length)) > 2, 'side by side');
  if ((await clerk.$('#look')) !== null) {
    await fill(clerk, 'look', '市民来电核对付款人');
    await button(clerk, '查看原文');
    holds((await clerk.$$eval('details[open] pre', (lines) => lines.length)) > 1, 'the lines as they stand');
    await look(clerk, 'lines-whole');
    await clerk.goto(base + proposals[codes.indexOf('L07')].exception, { waitUntil: 'load' });
  }
  // What a citizen reads out on the phone.
  const order = await clerk.$eval('table.facts', (table) => table.innerText.match(/订单号\s+(\S+)/)[1]);
  await clerk.goto(`${base}/staff/list`, { waitUntil: 'load' });
  await clerk.keyboard.press('/');
  await clerk.keyboard.type(order.slice(-6));
  await press(clerk, 'Enter');
  holds((await text(clerk)).includes(order), `${order} is not found by its end`);
  await look(clerk, 'found');
  // A tablet.
  const tablet = await clerk.createCDPSession();
  await tablet.detach();
  await clerk.setViewport({ width: 820, height: 1180 });
  await clerk.goto(base + path, { waitUntil: 'load' });
  await look(clerk, 'day-tablet');
} else {
  await clerk.goto(`${base}${path}/list?state=CLOSED&code=L07`, { waitUntil: 'load' });
  await tabTo(clerk, (now) => now.href.startsWith('/staff/exceptions/DZ'), 'what the file proved');
  await press(clerk, 'Enter');
  holds((await text(clerk)).includes('印证'), 'its proof is told');
  await look(clerk, 'proved');
  await clerk.goto(base + path, { waitUntil: 'load' });
  await button(clerk, '提出关账');
  const closing = new URL(clerk.url()).pathname;
  await agree(checker, closing);
  await look(checker, 'closing-agreed');
  await clerk.goto(base + closing, { waitUntil: 'load' });
  await button(clerk, '日终关账');
  holds((await text(clerk)).includes('封存第1号'), await text(clerk));
  await look(clerk, 'sealed');
  const downloaded = new Promise((resolve) => {
    browser.target().createCDPSession().then(async (session) => {
      await session.send('Browser.setDownloadBehavior', {
        behavior: 'allow', downloadPath: folder, eventsEnabled: true,
        browserContextId: clerk.browserContext().id,
      });
      session.on('Browser.downloadProgress', ({ state, receivedBytes }) => {
        if (state === 'completed') resolve(receivedBytes);
      });
    });
  });
  await tabTo(clerk, (now) => now.href === `${path}.csv`, 'the export');
  await clerk.keyboard.press('Enter');
  holds((await downloaded) > 5000, 'the export is there');
  await clerk.goto(`${base}/staff/reports`, { waitUntil: 'load' });
  await look(clerk, 'report');
}
holds(wrong.length === 0, wrong.join('\n'));
await browser.close();
console.log(`checks: ${checks}`);
