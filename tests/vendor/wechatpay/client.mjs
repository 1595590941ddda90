// A public client of WeChat Pay for Node, unmodified, against running mock channels.
//
//   node client.mjs http://127.0.0.1:8090
//
// Identities and keys come from the control API. Every line "ok" is a check that held; the last
// line counts them. Any check that fails ends the process with status 1.
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { Aes, Formatter, Rsa, Wechatpay } from 'wechatpay-axios-plugin';

const baseUrl = process.argv[2];
assert.ok(baseUrl, 'usage: node client.mjs <base url of the mock channels>');

let checks = 0;
function check(what, holds) {
  assert.ok(holds, what);
  checks += 1;
  console.log(`ok ${what}`);
}

async function control(path, body) {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const answer = await fetch(`${baseUrl}/control${path}`, init);
  const json = await answer.json();
  assert.equal(answer.status, 200, `${path}: ${JSON.stringify(json)}`);
  return json;
}

// This process lives by the clock of the mock: the client signs with its own clock, and refuses
// answers that are not of the same five minutes.
const realNow = Date.now;
let ahead = 0;
Date.now = () => realNow() + ahead;
async function moveClock(how) {
  const { now } = await control('/clock', how);
  ahead = Date.parse(now) - realNow();
}

const { wechat, wechat_pay: merchant } = await control('/onboarding');
const common = {
  baseURL: `${merchant.base_url}/`,
  mchid: merchant.mch_id,
  serial: merchant.merchant_serial,
  privateKey: merchant.merchant_private_key_pem,
};
const keyMode = new Wechatpay({
  ...common,
  certs: { [merchant.platform_key_id]: merchant.platform_public_key_pem },
});
const run = realNow();
const citizen = (await control('/citizens')).citizens[0];

/** The status and code of a refusal. */
const refusal = (call) => call.then(
  ({ status }) => `${status}`,
  ({ response }) => `${response.status} ${response.data.code}`,
);

/** A backend's address for notifications; `next()` answers them one by one. */
async function inbox() {
  const [arrived, waiting] = [[], []];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => { body += part; });
    request.on('end', () => {
      response.writeHead(204).end();
      const told = { headers: request.headers, body };
      if (waiting.length) waiting.shift()(told); else arrived.push(told);
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const next = () => (arrived.length
    ? Promise.resolve(arrived.shift())
    : new Promise((resolve) => { waiting.push(resolve); }));
  return { url: `http://127.0.0.1:${server.address().port}/notify`, next, server };
}

/** Verifies a notification with a key and opens it. */
function opened({ headers, body }, key) {
  const [timestamp, nonce, signature] = ['timestamp', 'nonce', 'signature']
    .map((name) => headers[`wechatpay-${name}`]);
  const verifies = Rsa.verify(Formatter.response(timestamp, nonce, body), signature, key);
  const forged = Rsa.verify(Formatter.response(timestamp, nonce, `${body} `), signature, key);
  const { event_type: event, resource } = JSON.parse(body);
  const { ciphertext, nonce: iv, associated_data: aad } = resource;
  const plain = JSON.parse(Aes.AesGcm.decrypt(ciphertext, merchant.api_v3_key, iv, aad));
  return { verifies: verifies && !forged, event, plain };
}

function order(number, notifyUrl, more = {}) {
  return {
    appid: wechat.app_id,
    mchid: merchant.mch_id,
    description: '不动产登记费,测试',
    out_trade_no: number,
    notify_url: notifyUrl,
    amount: { total: 8888, currency: 'CNY' },
    ...more,
  };
}

const payer = { payer: { openid: citizen.openId } };
const query = (wxpay, number) => wxpay.v3.pay.transactions.outTradeNo._number_
  .get({ params: { mchid: merchant.mch_id }, number });

async function payments(wxpay, mode, key) {
  const { url, next, server } = await inbox();
  const number = `${mode}J${run}`;
  const placed = await wxpay.v3.pay.transactions.jsapi.post(order(number, url, payer));
  check(`${mode}: jsapi`, placed.data.prepay_id.startsWith('wx'));
  const unpaid = await query(wxpay, number);
  check(`${mode}: query before`, unpaid.data.trade_state === 'NOTPAY');

  const timeStamp = `${Formatter.timestamp()}`;
  const nonceStr = Formatter.nonce();
  const prepay = `prepay_id=${placed.data.prepay_id}`;
  const message = Formatter.joinedByLineFeed(wechat.app_id, timeStamp, nonceStr, prepay);
  const paySign = Rsa.sign(message, common.privateKey);
  const mini = { timeStamp, nonceStr, package: prepay, signType: 'RSA', paySign };
  const paid = await control('/cashier', { package: mini, approve: true });
  check(`${mode}: the mini-program's package opens the cashier`, paid.state === 'SUCCESS');
  const after = (await query(wxpay, number)).data;
  check(`${mode}: query after`, after.trade_state === 'SUCCESS' && after.amount.total === 8888);
  const byId = await wxpay.v3.pay.transactions.id._id_
    .get({ params: { mchid: merchant.mch_id }, id: after.transaction_id });
  check(`${mode}: query by the platform's number`, byId.data.out_trade_no === number);

  const told = opened(await next(), key);
  check(`${mode}: the notification verifies`, told.verifies);
  check(`${mode}: and opens`, told.event === 'TRANSACTION.SUCCESS'
    && told.plain.transaction_id === after.transaction_id);

  const app = await wxpay.v3.pay.transactions.app.post(order(`${mode}A${run}`, url));
  const [noncestr, timestamp] = [Formatter.nonce(), `${Formatter.timestamp()}`];
  const { prepay_id: prepayid } = app.data;
  const sign = Rsa.sign(
    Formatter.joinedByLineFeed(wechat.app_id, timestamp, noncestr, prepayid), common.privateKey);
  const kit = {
    appid: wechat.app_id, partnerid: merchant.mch_id, prepayid, package: 'Sign=WXPay', noncestr,
    timestamp, sign,
  };
  const inApp = await control('/cashier', { package: kit });
  check(`${mode}: the app's package opens the cashier`, inApp.tradeType === 'APP');
  const native = await wxpay.v3.pay.transactions.native.post(order(`${mode}N${run}`, url));
  const scanned = await control('/cashier', { package: { codeUrl: native.data.code_url } });
  check(`${mode}: a QR code opens the cashier`, scanned.tradeType === 'NATIVE');

  const close = (out) => wxpay.v3.pay.transactions.outTradeNo._number_.close
    .post({ mchid: merchant.mch_id }, { number: out });
  check(`${mode}: close`, (await close(`${mode}N${run}`)).status === 204);
  const closed = await query(wxpay, `${mode}N${run}`);
  check(`${mode}: query of a closed order`, closed.data.trade_state === 'CLOSED');
  check(`${mode}: a paid order does not close`, await refusal(close(number)) === '400 ORDERPAID');

  await refunds(wxpay, mode, number, { url, next, key });
  server.close();
}

async function refunds(wxpay, mode, number, { url, next, key }) {
  const { post } = wxpay.v3.refund.domestic.refunds;
  const wanted = {
    out_trade_no: number,
    out_refund_no: `${mode}R${run}`,
    reason: '多缴退付',
    notify_url: url,
    amount: { refund: 3000, total: 8888, currency: 'CNY' },
  };
  const accepted = await post(wanted);
  check(`${mode}: refund`, accepted.data.status === 'PROCESSING');
  const again = await post(wanted);
  check(`${mode}: the same refund again`, again.data.refund_id === accepted.data.refund_id);
  const more = { ...wanted, out_refund_no: `${mode}S${run}` };
  check(`${mode}: two refunds in a minute`, await refusal(post(more)) === '429 FREQUENCY_LIMITED');
  await moveClock({ advanceSeconds: 60 });
  const tooMuch = { ...more, amount: { ...more.amount, refund: 5889 } };
  check(`${mode}: a refund of too much`, await refusal(post(tooMuch)) === '400 INVALID_REQUEST');
  const known = await wxpay.v3.refund.domestic.refunds._number_
    .get({ number: wanted.out_refund_no });
  check(`${mode}: refund query`, known.data.status === 'SUCCESS' && known.data.success_time);
  const unknown = wxpay.v3.refund.domestic.refunds._number_.get({ number: 'NONE' });
  check(`${mode}: an unknown refund`, await refusal(unknown) === '404 RESOURCE_NOT_EXISTS');
  const told = opened(await next(), key);
  check(`${mode}: the refund's notification verifies`, told.verifies);
  check(`${mode}: and opens`, told.event === 'REFUND.SUCCESS'
    && told.plain.refund_status === 'SUCCESS' && told.plain.out_refund_no === wanted.out_refund_no);
  const refunded = await query(wxpay, number);
  check(`${mode}: query after the refund`, refunded.data.trade_state === 'REFUND');
}

/** Downloads the certificates as this client's own tool does: opened first, verified with them. */
async function certificates() {
  const config = { ...common, certs: { any: undefined } };
  const client = new Wechatpay(config);
  // The client puts its own copy there.
  const { certs } = config;
  const none = await refusal(client.v3.certificates.get());
  check('certificates: a new merchant has none', none === '404 RESOURCE_NOT_EXISTS');
  await control('/wechat-pay/keys', { add: 'certificate', signs: 'new' });
  const injector = (response) => {
    for (const { serial_no: serial, encrypt_certificate: sealed } of JSON.parse(response).data ?? []) {
      const { nonce, associated_data: aad, ciphertext } = sealed;
      certs[serial] = Aes.AesGcm.decrypt(ciphertext, merchant.api_v3_key, nonce, aad);
    }
    return response;
  };
  const { data } = await client.v3.certificates.get({
    params: { algorithm_type: 'RSA' },
    transformResponse: [injector, ...client.client.v3.defaults.transformResponse],
  });
  const [{ serial_no: serial, effective_time: from, expire_time: until }] = data.data;
  check('certificates: the answer verifies with what it holds', data.data.length === 1);
  const cert = new X509Certificate(certs[serial]);
  check('certificates: the serial is the certificate\'s', cert.serialNumber === serial);
  check('certificates: so are the times', Date.parse(cert.validFrom) === Date.parse(from)
    && Date.parse(cert.validTo) === Date.parse(until));
  return { serial, pem: certs[serial] };
}

const sha1 = (bytes) => createHash('sha1').update(bytes).digest('hex');

async function bills(wxpay, date) {
  const early = wxpay.v3.bill.tradebill.get({ params: { bill_date: date } });
  check('today has no bill yet', await refusal(early) === '400 INVALID_REQUEST');
  await moveClock({ nextDayAt: '10:00' });
  const fetched = async (kind, params) => {
    const bill = await wxpay.v3.bill[kind].get({ params: { bill_date: date, ...params } });
    const url = new URL(bill.data.download_url);
    const file = await wxpay.v3.billdownload.file.get({
      params: Object.fromEntries(url.searchParams),
      responseType: 'arraybuffer',
      transformResponse: [(bytes) => bytes],
    });
    const bytes = params.tar_type ? gunzipSync(file.data) : file.data;
    check(`${kind} ${JSON.stringify(params)}: the hash is that of the file`,
      bill.data.hash_type === 'SHA1' && bill.data.hash_value === sha1(bytes));
    return Formatter.castCsvBill(bytes);
  };
  const all = await fetched('tradebill', {});
  check('tradebill: two payments and two refunds', all.rows.length === 4
    && all.summary['总交易单数'] === '4' && all.summary['订单总金额'] === '177.76'
    && all.summary['申请退款总金额'] === '60.00');
  const refunded = all.rows.filter((row) => row['交易状态'] === 'REFUND');
  check('tradebill: refunds are lines', refunded.length === 2
    && refunded.every((row) => row['申请退款金额'] === '30.00' && row['手续费'] === '-0.18000'));
  check('tradebill: commas of texts are written apart',
    all.rows[0]['商品名称'] === '不动产登记费\\ 测试');
  const some = await fetched('tradebill', { bill_type: 'REFUND', tar_type: 'GZIP' });
  check('tradebill: of refunds only, packed', some.rows.length === 2
    && some.rows[0]['退款申请时间'].startsWith(date));
  const flow = await fetched('fundflowbill', { account_type: 'BASIC' });
  check('fundflowbill: payments, fees, refunds', flow.rows.length === 6
    && flow.summary['收入笔数'] === '2' && flow.summary['收入金额'] === '177.76'
    && flow.summary['支出笔数'] === '4');
}

/** A refund that the payer's account does not take, sent to a card whose number is sealed. */
async function abnormal(wxpay) {
  const number = `AJ${run}`;
  const url = 'https://example.com/callbacks/wechat-pay';
  const placed = await wxpay.v3.pay.transactions.jsapi.post(order(number, url, payer));
  check('a new day, a new order', placed.status === 200);
  await control(`/orders/${number}/approve`, {});
  await control('/wechat-pay/refund-outcomes', { outcomes: ['abnormal'] });
  const refund = {
    out_trade_no: number,
    out_refund_no: `AR${run}`,
    notify_url: url,
    amount: { refund: 8888, total: 8888, currency: 'CNY' },
  };
  const { data: { refund_id: id } } = await wxpay.v3.refund.domestic.refunds.post(refund);
  await moveClock({ advanceSeconds: 3 });
  const seal = (text) => Rsa.encrypt(text, merchant.platform_public_key_pem);
  const card = {
    out_refund_no: refund.out_refund_no,
    type: 'USER_BANK_CARD',
    bank_type: 'ICBC_DEBIT',
    bank_account: seal('6222020000000000001'),
    real_name: seal(citizen.name),
  };
  const headers = { 'Wechatpay-Serial': merchant.platform_key_id };
  const again = await wxpay.v3.refund.domestic.refunds._id_.applyAbnormalRefund
    .post(card, { id, headers });
  check('an abnormal refund goes to a card', again.data.status === 'PROCESSING');
  await moveClock({ advanceSeconds: 3 });
  const known = await wxpay.v3.refund.domestic.refunds._number_
    .get({ number: refund.out_refund_no, headers });
  check('and arrives', known.data.status === 'SUCCESS');
}

const { now } = await control('/clock');
await moveClock({ advanceSeconds: 0 });
await payments(keyMode, 'K', merchant.platform_public_key_pem);
const { serial, pem } = await certificates();
const certMode = new Wechatpay({ ...common, certs: { [serial]: pem } });
await payments(certMode, 'C', pem);
const asked = await keyMode.v3.pay.transactions.outTradeNo._number_.get({
  params: { mchid: merchant.mch_id },
  number: `KJ${run}`,
  headers: { 'Wechatpay-Serial': merchant.platform_key_id },
});
check('the serial of a call selects the key of the answer', asked.data.trade_state === 'REFUND');
await bills(certMode, now.slice(0, 10));
await control('/wechat-pay/keys', { signs: merchant.platform_key_id });
await abnormal(keyMode);
console.log(`checks: ${checks}`);
