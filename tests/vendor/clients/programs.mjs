// The sample mini-programs, page by page, as a citizen walks through them.
import { check, is } from './check.mjs';
import { starts } from './core.mjs';
import { until } from './realm.mjs';

const tap = (dataset = {}) => ({ currentTarget: { dataset }, detail: {} });
const typed = (value, dataset = {}) => ({ currentTarget: { dataset }, detail: { value } });
const state = (page, ...wanted) => until(`${wanted} after ${page.data.state}: ${page.data.words}`, () => wanted.includes(page.data.state));

/** Fills in the form of a citizen's car, and gets its rows. */
async function looksUp(started) {
  const { program, phone, citizen } = started;
  const [vehicle] = citizen.vehicles;
  const page = program.open('/pages/violations/violations');
  await state(page, 'form');
  await page.submit();
  is(page.data.faults.length, 3, 'what is missing is said');
  page.type(typed(vehicle.plateNo, { name: 'plate_no' }));
  page.type(typed(vehicle.vinTail, { name: 'vin_tail' }));
  const kinds = page.data.fields.find(({ name }) => name === 'plate_kind').options;
  page.pick(typed(kinds.findIndex(({ value }) => value === vehicle.plateKind), { name: 'plate_kind' }));
  await page.submit();
  if (page.data.state === 'phone') await page.phone(await phone.phoneButton());
  is([page.data.state, page.data.words, page.data.faults], ['rows', '', []]);
  return page;
}

export async function programs(kind, url, levers) {
  const named = (name, run) => check(`${kind}: ${name}`, run);

  await named('home, search, violations, pay, my cases: the whole way', async () => {
    const started = await starts(kind, url, levers);
    const { program, phone } = started;

    const home = program.open('/pages/home/home');
    await state(home, 'ready');
    is([home.data.categories.length, home.data.hot.length > 0], [16, true]);
    home.type(typed('违章'));
    home.search();

    const search = program.open(phone.went.at(-1));
    await state(search, 'ready');
    const hit = search.data.hits.find(({ app }) => app.slug === 'traffic_violation_query');
    is(hit.app.name, '交通违章查询');
    search.open(tap({ app: hit.app.slug }));
    is(phone.went.at(-1), '/pages/violations/violations?app=traffic_violation_query');

    const violations = await looksUp(started);
    const row = violations.data.rows.find(({ payable }) => payable);
    violations.pay(tap({ notice: row.notice.noticeNo }));

    const pay = program.open(phone.went.at(-1));
    await state(pay, 'ready');
    is(pay.data.total.fen, row.notice.total.fen);
    await pay.pay();
    await state(pay, 'over');
    is([pay.data.paid, pay.data.statusText, phone.cashiers], [true, '缴款成功', 1]);
    pay.onUnload();

    pay.cases();
    const cases = program.open(phone.went.at(-1));
    await state(cases, 'ready');
    is(cases.data.cases, []);
    is(cases.data.payments.map(({ paymentNo, statusText }) => [paymentNo, statusText]), [[pay.data.paymentNo, '已缴款']]);
    is(phone.broken, []);
    is(phone.peak <= 8, true);
  });

  await named('a second tap, a retry and a restart pay once', async () => {
    const started = await starts(kind, url, levers);
    const { program, phone, api, documents } = started;
    const violations = await looksUp(started);
    const { noticeNo } = violations.data.rows.find(({ payable }) => payable).notice;
    const address = `/pages/pay/pay?notices=${noticeNo}`;

    phone.leavesCashier = true;
    const first = program.open(address);
    await state(first, 'ready');
    await Promise.all([first.pay(), first.pay(), first.pay()]);
    is([first.data.state, phone.cashiers], ['left', 1]);
    first.onUnload();

    const second = program.open(address);
    await state(second, 'ready');
    phone.leavesCashier = false;
    await second.pay();
    await state(second, 'over');
    is([second.data.paid, second.data.paymentNo], [true, first.data.paymentNo]);
    const { viewer } = await api.call(documents.Payments, {});
    is(viewer.payments.nodes.map(({ status }) => status), ['PAID']);

    const third = program.open(address);
    await state(third, 'ready', 'failed');
    if (third.data.state === 'ready') await third.pay();
    is(third.data.words !== '' || third.data.paid, true, 'what is paid is not paid again');
    is(phone.cashiers, 2);
  });

  await named('who leaves the cashier can go on or give up', async () => {
    const started = await starts(kind, url, levers);
    const { program, phone } = started;
    const violations = await looksUp(started);
    const { noticeNo } = violations.data.rows.find(({ payable }) => payable).notice;
    phone.leavesCashier = true;
    const pay = program.open(`/pages/pay/pay?notices=${noticeNo}`);
    await state(pay, 'ready');
    await pay.pay();
    is([pay.data.state, pay.data.words], ['left', '还没有付款。您可以继续支付，或取消这次支付。']);
    await pay.cancel();
    is([pay.data.state, pay.data.statusText, pay.data.paid], ['over', '订单已关闭，没有扣款', false]);
    is(Object.keys(phone.storage).some((name) => name.startsWith('pay:')), false);
  });

  await named('whoever pays and comes back from the background finds it paid', async () => {
    const started = await starts(kind, url, levers, { socketsWork: false });
    const { program, phone, documents } = started;
    const violations = await looksUp(started);
    const { noticeNo } = violations.data.rows.find(({ payable }) => payable).notice;
    const pay = program.open(`/pages/pay/pay?notices=${noticeNo}`);
    await state(pay, 'ready');
    phone.meddle = (body) => {
      if (!body.includes(documents.RefreshPayment.id)) return undefined;
      phone.meddle = undefined;
      setImmediate(() => phone.background());
      return undefined;
    };
    const paying = pay.pay();
    await until('it is in the background', () => phone.asleep);
    is(pay.data.state, 'waiting');
    phone.foreground();
    pay.onShow();
    await paying;
    await state(pay, 'over');
    is(pay.data.paid, true);
    pay.onUnload();
  });

  await named('errors say what to do, and trying again helps', async () => {
    const started = await starts(kind, url, levers);
    const { program, phone, documents } = started;
    phone.meddle = (body) => (body.includes(documents.Home.id) ? 'cut' : undefined);
    const home = program.open('/pages/home/home');
    await state(home, 'failed');
    is(home.data.words, '网络不给力，请重试');
    phone.meddle = undefined;
    await home.load();
    is(home.data.state, 'ready');
    const search = program.open('/pages/search/search?text=' + encodeURIComponent('毫不相干的话语甲乙丙'));
    await state(search, 'ready');
    is(search.data.hits, []);
    const pay = program.open('/pages/pay/pay?notices=330000001FS9999999999');
    await state(pay, 'failed');
    is(/[一-龥]/.test(pay.data.words), true, pay.data.words);
  });

  await named('the mode for the elderly is kept, and other pages have it', async () => {
    const { program, phone } = await starts(kind, url, levers);
    const home = program.open('/pages/home/home');
    await state(home, 'ready');
    home.switchMode();
    await state(home, 'ready');
    is([home.data.mode, home.data.categories, home.data.hot.length > 0], ['elder', [], true]);
    is(program.open('/pages/search/search').data.mode, 'elder');
    is(phone.storage.mode, 'elder');
  });

  await named('a case that was opened stands among the own ones', async () => {
    const { program, phone, provePhone, api, documents, key, region, citizen } = await starts(kind, url, levers);
    await provePhone(await phone.phoneButton());
    await api.call(documents.VerifyRealName, { input: { name: citizen.name, idCard: citizen.idCard } });
    const { home } = await api.call(documents.Home, { region });
    const open = home.categories.flatMap(({ apps }) => apps).filter(({ kind: does, availability, identityLevel }) => does === 'APPLY' && availability.status === 'OPEN' && identityLevel !== 'FACE');
    let opened;
    for (const { slug } of open) {
      const { app } = await api.call(documents.App, { slug, region });
      const answers = answersOf(app.form.fields);
      if (!answers) continue;
      const input = { app: slug, region, formVersion: app.form.version, answers, idempotencyKey: key() };
      const answer = await api.request(documents.SubmitApp, { input });
      opened = answer.data && answer.data.submitApp.outcome;
      if (opened && opened.__typename === 'Case') break;
    }
    is(opened && opened.__typename, 'Case', `one of ${open.length} apps`);
    const cases = program.open('/pages/cases/cases');
    await state(cases, 'ready');
    is(cases.data.cases.map(({ caseNo }) => caseNo), [opened.caseNo]);
  });
}

/** Simple answers to the fields that must be answered; null where they are not enough. */
function answersOf(fields) {
  const answers = [];
  for (const { name, type, required, options, dependsOn } of fields) {
    if (!required) continue;
    const value = {
      ENUM: options && options.length && !dependsOn.length && { choice: options[0].value },
      TEXT: { text: '样例' }, PHONE: { text: '13800138000' }, INT: { number: 1 }, BOOL: { flag: true }, ADDRESS: { text: '样例路1号' },
      DATE: { date: '2026-03-10' }, REGION: { text: '330106' }, AMOUNT: { fen: 100 },
    }[type];
    if (!value) return null;
    answers.push({ name, value });
  }
  return answers;
}
