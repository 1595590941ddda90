// The WeChat pages in npm `miniprogram-simulate`, the platform's own component system: markup,
// styles and scripts as they are, on live data.
import { createRequire } from 'node:module';
import path from 'node:path';
import { JSDOM } from 'jsdom';
import { home } from './build.mjs';
import { check, is, pull } from './check.mjs';
import { Phone } from './phone.mjs';
import { until } from './realm.mjs';

const FOLDER = path.join(home, 'wechat');
const HOOKS = ['onLoad', 'onShow', 'onUnload', 'onPullDownRefresh', 'onReachBottom'];

/** A page is a component whose methods are its handlers: the platform says so itself. */
function asComponent(page) {
  const methods = Object.fromEntries(Object.entries(page).filter(([, value]) => typeof value === 'function'));
  const fields = Object.fromEntries(Object.entries(page).filter(([name, value]) => name !== 'data' && typeof value !== 'function'));
  const attached = function attached() {
    Object.assign(this, fields);
  };
  global.Component({ data: page.data, methods, lifetimes: { attached } });
}

export async function simulated(url, levers) {
  const dom = new JSDOM('<!doctype html><html><head></head><body></body></html>', { pretendToBeVisual: true, url: 'http://localhost/' });
  global.window = dom.window;
  for (const name of ['document', 'HTMLElement', 'Node', 'Event', 'CustomEvent', 'MouseEvent', 'getComputedStyle', 'MutationObserver', 'requestAnimationFrame']) {
    Object.defineProperty(global, name, { value: dom.window[name], configurable: true, writable: true });
  }
  const citizen = await pull(levers, 'citizens');
  const phone = new Phone('wx', { levers, citizenId: citizen.citizenId, domains: [new URL(url).host] });
  global.wx = phone.host;
  const require = createRequire(import.meta.url);
  Object.assign(require(path.join(FOLDER, 'settings.js')), { url, socketUrl: url.replace(/^http/, 'ws') });
  const simulate = require('miniprogram-simulate');
  Object.assign(global.wx, phone.host);
  global.Page = asComponent;

  const opens = async (name, query = {}) => {
    const id = simulate.load(path.join(FOLDER, 'pages', name, name), { rootPath: FOLDER, compiler: 'simulate' });
    const component = simulate.render(id);
    component.attach(global.document.createElement('div'));
    const page = component.instance;
    for (const hook of HOOKS.slice(0, 2)) if (page[hook]) page[hook](query);
    return { component, page, texts: (selector) => component.querySelectorAll(selector).map(({ dom: node }) => node.textContent.trim()) };
  };
  const state = (page, wanted) => until(`${wanted} after ${page.data.state} ${page.data.words}`, () => page.data.state === wanted);

  await check('simulated: the home page shows every category and app', async () => {
    const { page, texts, component } = await opens('home');
    await state(page, 'ready');
    is(texts('.category').length, 16);
    is(texts('.name').length, page.data.hot.length + page.data.categories.flatMap(({ apps }) => apps).length);
    component.detach();
  });
  await check('simulated: the search page shows hits, and what to do where there are none', async () => {
    const { page, texts } = await opens('search', { text: encodeURIComponent('违章') });
    await state(page, 'ready');
    is(texts('.hit').length, page.data.hits.length);
    is(texts('.hit .title').includes('交通违章查询'), true);
    page.setData({ text: '毫不相干的话语甲乙丙' });
    await page.search();
    is(texts('.hint'), ['没有找到“毫不相干的话语甲乙丙”。换个说法试试，例如“违章”“公积金”。']);
  });
  let noticeNo;
  await check('simulated: the violations page shows its form and its rows', async () => {
    const { page, texts } = await opens('violations');
    await state(page, 'form');
    is(texts('.field').length, 3);
    await page.submit();
    is(texts('.fault').length, 3);
    const [vehicle] = citizen.vehicles;
    page.fill('plate_no', vehicle.plateNo, vehicle.plateNo);
    page.fill('plate_kind', vehicle.plateKind, '');
    page.fill('vin_tail', vehicle.vinTail, vehicle.vinTail);
    await page.submit();
    await state(page, 'phone');
    await page.phone(await phone.phoneButton());
    await state(page, 'rows');
    is([texts('.row').length, texts('.pay').length], [page.data.rows.length, 1]);
    noticeNo = page.data.rows.find(({ payable }) => payable).notice.noticeNo;
  });
  await check('simulated: the pay page shows what is paid, and that it is', async () => {
    const { page, texts } = await opens('pay', { notices: noticeNo });
    await state(page, 'ready');
    is([texts('.item').length, texts('.sum')], [page.data.items.length, [`${page.data.total.display} 元`]]);
    is(texts('.pay'), ['确认缴款']);
    await page.pay();
    await state(page, 'over');
    is(texts('.status'), ['缴款成功']);
    page.onUnload();
  });
  await check('simulated: the page of cases shows the payment, and that there is no case', async () => {
    const { page, texts } = await opens('cases');
    await state(page, 'ready');
    is([texts('.payment').length, texts('.payment .status')], [1, ['已缴款']]);
    is(texts('.hint')[0], '还没有办件。在首页搜索要办的事即可申请。');
    is(phone.broken, []);
  });
}
