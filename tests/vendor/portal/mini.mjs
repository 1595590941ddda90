// usage: node mini.mjs BASE_URL CONTROL_URL
// Takes the mini-program blocks from /docs/first-fine and runs them, together, in a realm that has
// `wx` and nothing else, where code made of text is refused; the played WeChat signs in and pays.
import vm from 'node:vm';

const [base, control] = process.argv.slice(2);
const json = async (address, init) => (await fetch(address, init)).json();

const page = await (await fetch(`${base}/docs/first-fine`)).text();
const plain = (html) =>
  html.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&amp;/g, '&');
const blocks = [...page.matchAll(/data-run="mini".*?<code>(.*?)<\/code>/gs)].map(([, code]) => plain(code));
if (blocks.length < 6) throw new Error(`${blocks.length} blocks`);

const citizen = await json(`${control}/citizens`, { method: 'POST', body: '{}' });
const codes = await json(`${control}/citizens/${citizen.citizenId}/wechat-code`, { method: 'POST' });
let order = '';
const wx = {
  login: async () => ({ code: codes.code }),
  request({ url, method, header, data, success, fail }) {
    fetch(url, { method, headers: header, body: data })
      .then(async (answer) => success({ statusCode: answer.status, data: await answer.json() }))
      .catch(fail);
  },
  // The citizen pays in the window that these parameters open.
  async requestPayment({ timeStamp, nonceStr, package: prepay, signType, paySign }) {
    if (!(timeStamp && nonceStr && prepay.startsWith('prepay_id=') && signType === 'RSA' && paySign)) {
      throw new Error('the cashier does not open');
    }
    await json(`${control}/orders/${order}/approve`, { method: 'POST' });
  },
};
const told = [];
const console_ = { log: (words) => told.push(words) };
const [car] = citizen.vehicles;
const realm = vm.createContext(
  {
    wx: {
      ...wx,
      requestPayment: (cashier) => wx.requestPayment(cashier),
    },
    console: console_,
    phoneCode: codes.phoneCode,
    plateNo: car.plateNo,
    vinTail: car.vinTail,
    noteOrder: (no) => { order = no; },
  },
  { codeGeneration: { strings: false, wasm: false } },
);
// The window knows its order; this one learns it from the script's own constant.
const script = blocks.join('\n').replace('await wx.requestPayment', 'noteOrder(paymentNo);\nawait wx.requestPayment');
await vm.runInContext(`(async () => {${script}\n})()`, realm);
console.log(told.join('\n'));
