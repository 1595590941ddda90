// The vendor's client for Node, unmodified, against running mock channels.
//
//   node client.mjs http://127.0.0.1:8090
//
// Identities and keys come from the control API. Every line "ok" is a check that held; the last
// line counts them. Any check that fails ends the process with status 1.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { inflateRawSync } from 'node:zlib';
import { AlipaySdk } from 'alipay-sdk';

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

const { alipay } = await control('/onboarding');
const common = {
  gateway: alipay.gateway_url,
  endpoint: alipay.base_url,
  timeout: 20000,
};
const keyMode = new AlipaySdk({
  ...common,
  appId: alipay.mini_app_id,
  privateKey: alipay.app_private_key_pkcs1_pem,
  alipayPublicKey: alipay.alipay_public_key_pem,
  encryptKey: alipay.content_key_base64,
});
const certMode = new AlipaySdk({
  ...common,
  appId: alipay.mini_app_id,
  privateKey: alipay.app_private_key_pem,
  keyType: 'PKCS8',
  appCertContent: alipay.mini_app_cert_pem,
  alipayPublicCertContent: alipay.alipay_cert_pem,
  alipayRootCertContent: alipay.alipay_root_cert_pem,
});
const nativeApp = new AlipaySdk({
  ...common,
  appId: alipay.native_app_id,
  privateKey: alipay.app_private_key_pem,
  keyType: 'PKCS8',
  alipayPublicKey: alipay.alipay_public_key_pem,
});

const verified = { validateSign: true };
const run = Date.now();
const citizen = (await control('/citizens')).citizens[0].citizenId;

/** A backend's address for notifications; answers the promise of the first one. */
async function inbox() {
  let arrived;
  const first = new Promise((resolve) => { arrived = resolve; });
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => { body += part; });
    request.on('end', () => {
      response.end('success');
      arrived(Object.fromEntries(new URLSearchParams(body)));
    });
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { url: `http://127.0.0.1:${server.address().port}/notify`, first, server };
}

async function signIn(sdk, mode) {
  const { authCode, openId, phone } = await control(`/citizens/${citizen}/alipay-code`, {});
  const params = { grantType: 'authorization_code', code: authCode };
  const token = await sdk.exec('alipay.system.oauth.token', params, verified);
  check(`${mode}: the auth code signs its citizen in`, token.accessToken && token.openId === openId);
  const share = { auth_token: token.accessToken };
  const info = await sdk.exec('alipay.user.info.share', share, verified);
  check(`${mode}: the token says who its user is`, info.code === '10000' && info.openId === openId);
  check(`${mode}: the slashes of an address verify`, info.avatar.startsWith('http://'));
  return { openId, phone };
}

async function trades(sdk, mode, openId) {
  const outTradeNo = `${mode}${run}`;
  const { url, first, server } = await inbox();
  const order = {
    notify_url: url,
    bizContent: {
      outTradeNo,
      totalAmount: '88.88',
      subject: '不动产登记费',
      productCode: 'JSAPI_PAY',
      opAppId: alipay.mini_app_id,
      buyerOpenId: openId,
    },
  };
  const created = await sdk.exec('alipay.trade.create', order, verified);
  check(`${mode}: trade.create`, created.code === '10000' && /^\d{28}$/.test(created.tradeNo));
  const query = () => sdk.exec('alipay.trade.query', { bizContent: { outTradeNo } }, verified);
  check(`${mode}: trade.query before`, (await query()).tradeStatus === 'WAIT_BUYER_PAY');
  await control(`/alipay/trades/${outTradeNo}/approve`, {});
  const paid = await query();
  check(`${mode}: trade.query after`, paid.tradeStatus === 'TRADE_SUCCESS' && paid.totalAmount === '88.88');

  const notified = await first;
  server.close();
  check(`${mode}: the notification verifies`, sdk.checkNotifySignV2(notified));
  check(`${mode}: and is about this trade`, notified.out_trade_no === outTradeNo);
  const forged = { ...notified, total_amount: '0.01' };
  check(`${mode}: a changed notification does not`, !sdk.checkNotifySignV2(forged));

  const refund = { outTradeNo, outRequestNo: 'R1', refundAmount: '8.88' };
  const refunded = await sdk.exec('alipay.trade.refund', { bizContent: refund }, verified);
  check(`${mode}: trade.refund`, refunded.fundChange === 'Y' && refunded.refundFee === '8.88');
  const again = await sdk.exec('alipay.trade.refund', { bizContent: refund }, verified);
  check(`${mode}: the same refund again`, again.fundChange === 'N' && again.refundFee === '8.88');
  const asked = { bizContent: { outTradeNo, outRequestNo: 'R1' } };
  const known = await sdk.exec('alipay.trade.fastpay.refund.query', asked, verified);
  check(`${mode}: fastpay.refund.query`, known.refundStatus === 'REFUND_SUCCESS');

  const closing = { ...order, bizContent: { ...order.bizContent, outTradeNo: `${outTradeNo}C` } };
  await sdk.exec('alipay.trade.create', closing, verified);
  const close = { bizContent: { outTradeNo: `${outTradeNo}C` } };
  const closed = await sdk.exec('alipay.trade.close', close, verified);
  check(`${mode}: trade.close`, closed.code === '10000');
  const cancelled = await sdk.exec('alipay.trade.cancel', close, verified);
  check(`${mode}: trade.cancel of a closed trade`, cancelled.retryFlag === 'N');
  const nothing = { bizContent: { outTradeNo: 'NONE' } };
  const none = await sdk.exec('alipay.trade.query', nothing, verified);
  check(`${mode}: a refusal verifies`, none.subCode === 'ACQ.TRADE_NOT_EXIST');
}

async function cashier() {
  const biz = (outTradeNo) => ({
    notifyUrl: 'https://example.com/callbacks/alipay',
    bizContent: {
      outTradeNo,
      totalAmount: '5.00',
      subject: '交通违法罚款、滞纳金',
      productCode: 'QUICK_MSECURITY_PAY',
      passbackParams: encodeURIComponent('a=1&b=中文'),
    },
  });
  const order = nativeApp.sdkExecute('alipay.trade.app.pay', biz(`APP${run}`));
  const opened = await control('/alipay/app-cashier', { orderString: order });
  check('sdkExecute: the wallet opens the order string', opened.status === 'WAIT_BUYER_PAY');
  const page = nativeApp.pageExecute('alipay.trade.app.pay', 'GET', biz(`PAGE${run}`));
  const paged = await control('/alipay/app-cashier', { orderString: page });
  check('pageExecute: the wallet opens the address', paged.totalFen === 500);
  const refused = await fetch(`${baseUrl}/control/alipay/app-cashier`, {
    method: 'POST',
    body: JSON.stringify({ orderString: order.replace('5.00', '0.01') }),
  });
  check('sdkExecute: a changed order string is refused', refused.status === 400);
  const wallet = await nativeApp.exec(
    'alipay.trade.query', { bizContent: { outTradeNo: `APP${run}` } }, verified);
  check('sdkExecute: the trade is known then', wallet.tradeStatus === 'WAIT_BUYER_PAY');
}

async function rest(sdk, mode, openId) {
  const outTradeNo = `V3${mode}${run}`;
  const create = await sdk.curl('POST', '/v3/alipay/trade/create', {
    body: {
      out_trade_no: outTradeNo,
      total_amount: '10.00',
      subject: '登记费',
      product_code: 'JSAPI_PAY',
      op_app_id: alipay.mini_app_id,
      buyer_open_id: openId,
    },
  });
  check(`v3 ${mode}: trade/create`, create.responseHttpStatus === 200 && create.data.trade_no);
  await control(`/alipay/trades/${outTradeNo}/approve`, {});
  const one = { out_trade_no: outTradeNo };
  const query = await sdk.curl('POST', '/v3/alipay/trade/query', { body: one });
  check(`v3 ${mode}: trade/query`, query.data.trade_status === 'TRADE_SUCCESS');
  const refund = await sdk.curl('POST', '/v3/alipay/trade/refund', {
    body: { ...one, out_request_no: 'R1', refund_amount: '10.00' },
  });
  check(`v3 ${mode}: trade/refund`, refund.data.fund_change === 'Y');
  const refused = await sdk.curl('POST', '/v3/alipay/trade/close', { body: one })
    .then(() => null, (error) => error);
  check(`v3 ${mode}: trade/close of a paid trade`, refused?.code === 'ACQ.TRADE_STATUS_ERROR');
}

async function sealed(phone) {
  const biz = { bizContent: { outTradeNo: `key${run}` }, needEncrypt: true };
  // Unverified: this client cuts nodes out between braces, and a sealed node has none.
  const query = await keyMode.exec('alipay.trade.query', biz);
  check('an encrypted call gets an encrypted answer', query.outTradeNo === `key${run}`);
  check('the phone number verifies with its quotes', keyMode.rsaCheck(`"${phone.response}"`, phone.sign));
  const plain = keyMode.aesDecrypt(phone.response);
  const number = (typeof plain === 'string' ? JSON.parse(plain) : plain).mobile;
  const { phone: own } = await control(`/citizens/${citizen}`);
  check('and opens to the number of its citizen', number === own);
}

/** Names and texts of the members of a zip file, read as GBK. */
function unzip(file) {
  const text = new TextDecoder('gbk');
  const end = file.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const members = [];
  let entry = file.readUInt32LE(end + 16);
  for (let left = file.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [packed, name] = [file.readUInt32LE(entry + 20), file.readUInt16LE(entry + 28)];
    const offset = file.readUInt32LE(entry + 42);
    const start = offset + 30 + file.readUInt16LE(offset + 26) + file.readUInt16LE(offset + 28);
    const content = inflateRawSync(file.subarray(start, start + packed));
    members.push([
      text.decode(file.subarray(entry + 46, entry + 46 + name)),
      text.decode(content),
    ]);
    entry += 46 + name + file.readUInt16LE(entry + 30) + file.readUInt16LE(entry + 32);
  }
  return members;
}

async function bills() {
  const { now } = await control('/clock');
  const date = now.slice(0, 10);
  const asked = { billType: 'trade', billDate: date };
  const method = 'alipay.data.dataservice.bill.downloadurl.query';
  const early = await keyMode.exec(method, { bizContent: asked }, verified);
  check('today has no bill yet', early.subCode === 'BILL_NOT_EXIST');
  await control('/clock', { nextDayAt: '09:00' });
  const bill = await keyMode.exec(method, { bizContent: asked }, verified);
  check('yesterday has one', bill.code === '10000');
  const answer = await fetch(bill.billDownloadUrl);
  const [[name, detail], [other]] = unzip(Buffer.from(await answer.arrayBuffer()));
  const compact = date.replaceAll('-', '');
  check('the members are named in GBK', name === `${alipay.seller_id}0156_${compact}_业务明细.csv`);
  check('the summary too', other.endsWith('_业务明细(汇总).csv'));
  check('payments and refunds are lines', detail.includes('\t,交易\t,') && detail.includes('\t,退款\t,'));
  // The client signs with its own clock, which is a day behind the mock's by now.
  const v3 = await keyMode.curl('GET', '/v3/alipay/data/dataservice/bill/downloadurl/query', {
    query: { bill_type: 'signcustomer', bill_date: date },
  });
  check('v3: the other bill is asked for by GET', v3.data.bill_download_url.includes('fileId='));
}

const { openId, phone } = await signIn(keyMode, 'key');
await signIn(certMode, 'cert');
await trades(keyMode, 'key', openId);
await trades(certMode, 'cert', openId);
await cashier();
await rest(keyMode, 'key', openId);
await rest(certMode, 'cert', openId);
await sealed(phone);
await bills();
console.log(`checks: ${checks}`);
