// The client alone, in the realm of a mini-program: what it does when things go wrong.
import { createHash } from 'node:crypto';
import path from 'node:path';
import { home } from './build.mjs';
import { check, is, pull } from './check.mjs';
import { Phone } from './phone.mjs';
import { Program, until } from './realm.mjs';

const FOLDERS = { wx: 'wechat', my: 'alipay' };
const RAILS = { wx: 'WECHAT_PAY', my: 'ALIPAY' };
const REGION = '330000';
const overloaded = (after) => ({
  status: 503,
  headers: { 'Retry-After': String(after) },
  body: JSON.stringify({ errors: [{ message: '现在办理的人太多', extensions: { code: 'OVERLOADED', traceId: '0' } }] }),
});

/** A citizen with this phone, the program started on it. */
export async function starts(kind, url, levers, more = {}) {
  const citizen = await pull(levers, 'citizens');
  const phone = new Phone(kind, { levers, citizenId: citizen.citizenId, domains: [new URL(url).host], ...more });
  const settings = { url, socketUrl: url.replace(/^http/, 'ws'), region: REGION };
  const program = new Program(path.join(home, FOLDERS[kind]), phone, settings);
  return { citizen, phone, program, settings, ...program.host };
}

/** The program again, as after a restart of the host; the phone kept what it kept. */
function client({ program, phone, settings }, options = {}) {
  const { client: make } = program.load(path.join(program.folder, 'lib/yiwang'));
  const { RefreshSession } = program.host.documents;
  return make(phone.host, { url: settings.url, save: () => {}, refresh: RefreshSession, ...options });
}

/** Signs in at level PHONE, and names what a fine of the citizen costs. */
export async function withFine(started) {
  const { phone, provePhone, api, documents, citizen } = started;
  is(await provePhone(await phone.phoneButton()), true);
  const [noticeNo] = citizen.noticeNos;
  const { quote } = await api.call(documents.Quote, { noticeNos: [noticeNo] });
  return { noticeNo, quote };
}

export async function core(kind, url, levers) {
  const named = (name, run) => check(`${kind}: ${name}`, run);

  await named('the realm has the host and nothing of a browser, and no text becomes code', async () => {
    const { program } = await starts(kind, url, levers);
    const names = ['fetch', 'URL', 'FormData', 'AbortController', 'window', 'document', 'process', 'localStorage'];
    is(program.evaluate(`[${names.map((name) => `typeof ${name}`)}].join()`), names.map(() => 'undefined').join());
    let refused = false;
    try {
      program.evaluate('new Function("return 1")()');
    } catch {
      refused = true;
    }
    is(refused, true);
  });

  await named('a public document goes by GET, by its id, without the token', async () => {
    const { api, documents, phone } = await starts(kind, url, levers);
    const { searchApps } = await api.call(documents.Search, { text: '违章 & 罚款=100%', region: REGION });
    is(Array.isArray(searchApps), true);
    is(phone.sent.length, 1, phone.sent.join(' '));
    is(phone.sent[0].startsWith(`?documentId=${documents.Search.id}&variables={`), true, phone.sent[0]);
    is(phone.sent[0].includes('违章 & 罚款=100%'), true);
    is(phone.broken, []);
  });

  await named('an id that the server does not know is sent as text, once and from then on', async () => {
    const started = await starts(kind, url, levers);
    const query = `query Strange($region: RegionCode!) { home(region: $region) { textClass } } # ${Math.random()}`;
    const doc = { id: createHash('sha256').update(query).digest('hex'), get: 1, open: 1, query };
    const api = client(started);
    for (const sent of [2, 3]) {
      const { home: page } = await api.call(doc, { region: REGION });
      is([page.textClass, started.phone.sent.length], ['NORMAL', sent]);
    }
  });

  await named('eight calls are under way, and never more', async () => {
    const started = await starts(kind, url, levers);
    const api = client(started);
    const all = await Promise.all(Array.from({ length: 30 }, () => api.request('{ __typename }')));
    is(all.every(({ data }) => data.__typename === 'Query'), true);
    is([started.phone.peak, started.phone.broken], [8, []]);
  });

  await named('errors of the server come with code, trace id and words for the citizen', async () => {
    const { api } = await starts(kind, url, levers);
    const answer = await api.request('{ nothing }');
    is([answer.code, answer.traceId.length, /[一-龥]/.test(answer.words)], ['BAD_INPUT', 32, true]);
    const failure = await api.call({ query: '{ nothing }', open: 1 }).catch((error) => error);
    is([failure.code, failure.traceId.length], ['BAD_INPUT', 32]);
  });

  await named('a domain that is not allowed fails with words', async () => {
    const started = await starts(kind, url, levers);
    const api = client({ ...started, settings: { ...started.settings, url: 'https://elsewhere.example/graphql' } });
    const failure = await api.call({ query: '{ __typename }', once: 1, open: 1 }, { input: {} }).catch((error) => error);
    is([failure.code, failure.words], ['NETWORK', '网络不给力，请重试']);
    is(/^network: /.test(failure.message), true, failure.message);
  });

  await named('a query is repeated over a bad network, three times and no more', async () => {
    const started = await starts(kind, url, levers);
    const api = client(started);
    let cuts = 1;
    started.phone.meddle = () => (cuts-- > 0 ? 'cut' : undefined);
    is((await api.request('{ __typename }')).data, { __typename: 'Query' });
    is(started.phone.sent.length, 2);
  });

  await named('a payment whose answer is cut off is asked for again with its key, and made once', async () => {
    const started = await starts(kind, url, levers);
    const { api, documents, key, phone } = started;
    const { noticeNo, quote } = await withFine(started);
    let cuts = 2;
    phone.meddle = (body) => (body.includes(documents.StartPayment.id) && cuts-- > 0 ? 'cut-after' : undefined);
    const input = { noticeNos: [noticeNo], rail: RAILS[kind], expectedTotal: quote.total.fen, quote: quote.token, idempotencyKey: key() };
    const { startPayment } = await api.call(documents.StartPayment, { input });
    is(startPayment.userErrors, []);
    is(phone.sent.filter((body) => body.includes(input.idempotencyKey)).length, 3);
    const { viewer } = await api.call(documents.Payments, {});
    is(viewer.payments.nodes.map(({ paymentNo }) => paymentNo), [startPayment.payment.paymentNo]);
    await api.call(documents.CancelPayment, { input: { paymentNo: startPayment.payment.paymentNo } });
  });

  await named('what has no key is not repeated', async () => {
    const { api, documents, phone } = await starts(kind, url, levers);
    phone.meddle = (body) => (body.includes(documents.VerifyRealName.id) ? 'cut' : undefined);
    const failure = await api.call(documents.VerifyRealName, { input: { name: '某', idCard: '某' } }).catch((error) => error);
    is(failure.code, 'NETWORK');
    is(phone.sent.filter((body) => body.includes(documents.VerifyRealName.id)).length, 1);
  });

  await named('an overloaded server is asked again when it says, and not where that is long', async () => {
    const started = await starts(kind, url, levers);
    const api = client(started);
    let times = 1;
    started.phone.meddle = () => (times-- > 0 ? overloaded(1) : undefined);
    const before = Date.now();
    is((await api.request('{ __typename }')).data, { __typename: 'Query' });
    // Alipay's old clients lose header and body of what is not 2xx; then it is a bad network.
    is(Date.now() - before >= (kind === 'wx' ? 1000 : 500), true);
    if (kind === 'my') return;
    started.phone.meddle = () => overloaded(60);
    const answer = await api.request('{ __typename }');
    is([answer.status, answer.code, answer.after, answer.words], [503, 'OVERLOADED', 60, '现在办理的人太多']);
    is(started.phone.sent.length, 3);
  });

  await named('a session that is over is renewed once for all who ask', async () => {
    const started = await starts(kind, url, levers);
    const { api, documents, phone } = started;
    await api.call(documents.Me, {});
    const first = api.token();
    await pull(levers, 'clock', { advanceSeconds: 3 * 3600 });
    phone.sent = [];
    const all = await Promise.all(Array.from({ length: 12 }, () => api.call(documents.Me, {})));
    is(all.every(({ viewer }) => viewer.person.id === all[0].viewer.person.id), true);
    is(phone.sent.filter((body) => body.includes(documents.RefreshSession.id)).length, 1);
    is(phone.sent.filter((body) => body.includes(documents.SignIn.id)).length, 0);
    is(api.token() !== first && phone.storage.session.accessToken === api.token(), true);
  });

  await named('a session that cannot be renewed is opened anew without asking', async () => {
    const started = await starts(kind, url, levers);
    const { api, documents, phone } = started;
    const before = await api.call(documents.Me, {});
    api.enter({ accessToken: 'over', refreshToken: 'over' });
    const after = await api.call(documents.Me, {});
    is(after.viewer.person.id, before.viewer.person.id);
    is(phone.sent.filter((body) => body.includes(documents.SignIn.id)).length, 2);
  });

  await named('what the background cuts off goes on when the citizen is back', async () => {
    const started = await starts(kind, url, levers);
    const { api, phone, documents } = started;
    await api.call(documents.Me, {});
    phone.sent = [];
    const asked = api.call(documents.Cases, {});
    await until('the call leaves', () => phone.sent.length === 1);
    phone.background();
    let answered = false;
    asked.then(() => (answered = true));
    await new Promise((wake) => setTimeout(wake, 1500));
    is([answered, phone.sent.length], [false, 1], 'nothing is asked in the background');
    phone.foreground();
    is((await asked).viewer.cases.nodes, []);
    is(phone.sent.length, 2);
  });

  await named('a socket tells a payment, and comes back after the background', async () => {
    const started = await starts(kind, url, levers);
    const { api, documents, key, phone, live } = started;
    const { noticeNo, quote } = await withFine(started);
    const input = { noticeNos: [noticeNo], rail: RAILS[kind], expectedTotal: quote.total.fen, quote: quote.token, idempotencyKey: key() };
    const { payment } = (await api.call(documents.StartPayment, { input })).startPayment;
    const heard = [];
    let ended = false;
    const stop = live.watch(
      documents.PaymentChanged,
      { paymentNo: payment.paymentNo },
      { next: ({ paymentChanged }) => heard.push(paymentChanged.status), end: () => (ended = true) },
    );
    await until('the socket tells', () => heard.length > 0);
    phone.background();
    phone.foreground();
    await api.call(documents.CancelPayment, { input: { paymentNo: payment.paymentNo } });
    await until('the socket tells the end', () => ended);
    is([heard[0], heard.at(-1)], ['SUBMITTED', 'CLOSED']);
    stop();
    await until('the socket is closed', () => phone.sockets.size === 0);
    is(phone.broken, []);
  });

  await named('without sockets it polls, and a silent socket is left', async () => {
    const started = await starts(kind, url, levers, { socketsWork: false });
    const { socket } = started.program.load(path.join(started.program.folder, 'lib/socket'));
    const wait = { url: started.settings.socketUrl, token: () => undefined, pollMs: 20, beatMs: 40 };
    let polls = 0;
    const stop = socket(started.phone.host, wait).watch(started.documents.Heartbeat, {}, { next() {}, poll: () => (polls += 1) });
    await until('it polls', () => polls > 3);
    stop();
    const quiet = polls;
    await new Promise((wake) => setTimeout(wake, 100));
    is(polls, quiet);
    started.phone.socketsWork = true;
    const beats = [];
    let opened = 0;
    const host = { ...started.phone.host, connectSocket: (options) => ((opened += 1), started.phone.host.connectSocket(options)) };
    const second = socket(host, { ...wait, pollMs: 3000 });
    await new Promise((end) => second.watch(started.documents.Heartbeat, { from: 1 }, { next: ({ heartbeat }) => beats.push(heartbeat), end }));
    is([beats, opened], [[1, 0], 1]);
  });
}
