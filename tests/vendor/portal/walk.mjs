// usage: node walk.mjs BASE_URL FOLDER
// Every page of the portal in headless Chromium, wide and narrow: a picture of each into FOLDER,
// nothing in the console, nothing asked of anybody else, nothing that axe finds; then the place to
// try operations, by keyboard alone. Prints `ok NAME` for each check and `checks: N`.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import puppeteer from 'puppeteer-core';

const [base, folder] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SIZES = { wide: { width: 1366, height: 768 }, narrow: { width: 390, height: 844 } };
const PAGES = {
  overview: '/docs/',
  'first-fine': '/docs/first-fine',
  operations: '/docs/operations',
  query: '/docs/operations/searchApps',
  mutation: '/docs/operations/startPayment',
  subscription: '/docs/operations/heartbeat',
  types: '/docs/types',
  object: '/docs/types/Payment',
  input: '/docs/types/StartPaymentInput',
  enum: '/docs/types/PaymentStatus',
  errors: '/docs/errors',
  limits: '/docs/limits',
  changes: '/docs/changes',
};
let checks = 0;
let failed = 0;

async function check(name, run) {
  checks += 1;
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}: ${error.stack}`);
  }
}

function holds(condition, what) {
  if (!condition) throw new Error(what);
}

/** The browser that the machine has. */
function chromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const which = (name) => {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {
      return '';
    }
  };
  const found = names.map(which).find(Boolean);
  if (!found) throw new Error(`none of ${names.join(', ')} is there`);
  return found;
}

const browser = await puppeteer.launch({
  executablePath: chromium(),
  args: ['--no-sandbox', '--no-proxy-server', '--disable-gpu', '--lang=zh-CN', '--disable-component-update'],
});

/** A fresh tab that notes what goes wrong. */
async function tab(size) {
  const page = await browser.newPage();
  const wrong = [];
  await page.setViewport(SIZES[size]);
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) wrong.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => wrong.push(`script: ${error.message}`));
  page.on('requestfailed', (request) => wrong.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== 'data:' && origin !== base) wrong.push(`outside: ${request.url()}`);
  });
  return { page, wrong };
}

/** What axe finds, a line each. It is no part of the page, so the page's policy is not asked. */
async function complaints(page) {
  const client = await page.createCDPSession();
  const asked = `(() => { ${axe}; return axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target.join(' ')).slice(0, 3).join('; '))) })()`;
  const { result, exceptionDetails } = await client.send('Runtime.evaluate', {
    expression: asked, awaitPromise: true, returnByValue: true,
  });
  await client.detach();
  holds(!exceptionDetails, JSON.stringify(exceptionDetails));
  return result.value;
}

for (const [name, path] of Object.entries(PAGES)) {
  for (const size of Object.keys(SIZES)) {
    await check(`${name} ${size}`, async () => {
      const { page, wrong } = await tab(size);
      const response = await page.goto(base + path, { waitUntil: 'networkidle0' });
      holds(response.status() === 200, `status ${response.status()}`);
      const fits = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
      holds(fits, 'the page is wider than the screen');
      const found = await complaints(page);
      holds(found.length === 0, found.join('\n'));
      await page.screenshot({ path: join(folder, `${name}-${size}.png`) });
      holds(wrong.length === 0, wrong.join('\n'));
      await page.close();
    });
  }
}

// --- by keyboard ----------------------------------------------------------------------------------
/** The focused element: its id, and whether one sees that it is. */
const focused = (page) =>
  page.evaluate(() => {
    const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
    return { id: document.activeElement.id, seen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 };
  });

async function tabTo(page, id) {
  for (let presses = 0; presses < 60; presses += 1) {
    const now = await focused(page);
    if (now.id === id) {
      holds(now.seen, `the focus on ${id} is not seen`);
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`${id} is not reached by Tab`);
}

const answerOf = (page, words) =>
  page.waitForFunction((said) => document.getElementById('answer').textContent.includes(said), { timeout: 20000 }, words);
const stateOf = (page, words) =>
  page.waitForFunction((said) => document.getElementById('state').textContent.includes(said), { timeout: 20000 }, words);

await check('a query is tried by keyboard, in the order of the page', async () => {
  const { page, wrong } = await tab('wide');
  await page.goto(base + PAGES.query, { waitUntil: 'networkidle0' });
  await page.keyboard.press('Tab');
  const first = await page.evaluate(() => document.activeElement.className);
  holds(first === 'skip', `the first stop is ${first}`);
  for (const id of ['citizen', 'token', 'channel', 'document', 'variables', 'run']) await tabTo(page, id);
  await page.keyboard.press('Enter');
  await answerOf(page, '"searchApps"');
  await stateOf(page, 'HTTP 200');
  await tabTo(page, 'answer');
  await page.screenshot({ path: join(folder, 'tried-wide.png') });
  holds((await complaints(page)).length === 0, 'axe complains of the answer');
  holds(wrong.length === 0, wrong.join('\n'));
  await page.close();
});

await check('a demo citizen signs in by keyboard and sees the own fine', async () => {
  const { page, wrong } = await tab('wide');
  await page.goto(`${base}/docs/operations/submitApp`, { waitUntil: 'networkidle0' });
  await tabTo(page, 'citizen');
  await page.keyboard.press('Space');
  await stateOf(page, '已登录');
  await tabTo(page, 'variables');
  await page.keyboard.down('Control');
  await page.keyboard.press('Enter');
  await page.keyboard.up('Control');
  await answerOf(page, '"noticeNo"');
  // The session is kept for the other pages of the tab.
  await page.goto(`${base}/docs/operations/viewer`, { waitUntil: 'networkidle0' });
  await tabTo(page, 'run');
  await page.keyboard.press('Enter');
  await answerOf(page, '"PHONE"');
  holds(wrong.length === 0, wrong.join('\n'));
  await page.close();
});

await check('a subscription is followed to its end', async () => {
  const { page, wrong } = await tab('narrow');
  await page.goto(base + PAGES.subscription, { waitUntil: 'networkidle0' });
  await tabTo(page, 'run');
  await page.keyboard.press('Enter');
  await stateOf(page, '已结束');
  const shown = await page.$eval('#answer', (element) => element.textContent);
  holds(shown.includes('"heartbeat":0') && shown.includes('complete'), shown);
  // Now and then the browser calls a stream aborted that was read to its end.
  const other = wrong.filter((line) => !line.endsWith('/graphql net::ERR_ABORTED'));
  holds(other.length === 0, other.join('\n'));
  await page.close();
});

await check('variables that are no JSON are named, and nothing is sent', async () => {
  const { page } = await tab('wide');
  await page.goto(base + PAGES.query, { waitUntil: 'networkidle0' });
  let sent = 0;
  page.on('request', (request) => { sent += request.url().endsWith('/graphql') ? 1 : 0; });
  await page.$eval('#variables', (element) => { element.value = '{'; });
  await page.click('#run');
  await stateOf(page, '变量不是 JSON');
  holds(sent === 0, 'it was sent');
  await page.close();
});

await check('lists are filtered', async () => {
  const { page } = await tab('wide');
  await page.goto(base + PAGES.operations, { waitUntil: 'networkidle0' });
  await tabTo(page, 'filter');
  await page.keyboard.type('startpay');
  const shown = await page.$$eval('#operations li:not([hidden]) a', (links) => links.map((link) => link.textContent));
  holds(shown.includes('startPayment') && shown.length < 5, shown.join());
  await page.close();
});

await check('pages read the same without any script', async () => {
  const { page, wrong } = await tab('wide');
  await page.setJavaScriptEnabled(false);
  await page.goto(base + PAGES.query, { waitUntil: 'networkidle0' });
  const { nodes } = await page.accessibility.snapshot({ interestingOnly: false }).then((root) => {
    const all = [];
    const walk = (node) => { all.push(node.name ?? ''); (node.children ?? []).forEach(walk); };
    walk(root);
    return { nodes: all };
  });
  const text = nodes.join('\n');
  holds(text.includes('query SearchApps') && text.includes('wx.request'), 'the example is not there');
  holds(!text.includes('在这里试'), 'what needs the script is shown');
  holds(wrong.length === 0, wrong.join('\n'));
  await page.close();
});

await browser.close();
console.log(`checks: ${checks}`);
process.exit(failed === 0 ? 0 : 1);
