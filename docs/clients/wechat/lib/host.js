// What is WeChat's own. The pages know this file and nothing of `wx`, so that they are the same in
// both mini-programs.
const { client, key } = require('./yiwang');
const { socket } = require('./socket');
const documents = require('./documents');
const settings = require('../settings');

const store = {
  /** @type {(name: string) => any} */
  load: (name) => wx.getStorageSync(name) || null,
  /** Null forgets it. @type {(name: string, value: any) => unknown} */
  keep: (name, value) => (value === null ? wx.removeStorageSync(name) : wx.setStorageSync(name, value)),
};

/** The citizen's phone or tablet, for the list of devices. */
function device() {
  const id = store.load('device') || key();
  store.keep('device', id);
  return { id };
}

/** A session by what WeChat knows of the citizen; with the phone button's code at level PHONE. */
async function signIn(phoneCode) {
  const code = await new Promise((resolve, reject) => {
    wx.login({ success: (answer) => resolve(answer.code), fail: () => reject({ words: '微信登录失败，请重试' }) });
  });
  const by = { weChat: { code, phoneCode } };
  const { signIn: payload } = await api.call(documents.SignIn, { input: { by, device: device() } });
  if (!payload.session) throw { words: payload.userErrors[0].message };
  return payload.session;
}

const api = client(wx, {
  url: settings.url,
  channel: 'wechat',
  refresh: documents.RefreshSession,
  session: store.load('session'),
  save: (session) => store.keep('session', session),
  signIn: () => signIn(),
});

module.exports = {
  api,
  documents,
  key,
  store,
  region: settings.region,
  rail: /** @type {'WECHAT_PAY'} */ ('WECHAT_PAY'),
  live: socket(wx, { url: settings.socketUrl, token: api.token, renew: api.renew }),

  /** What the button with open-type="getPhoneNumber" gave; false where the citizen said no. */
  async provePhone(event) {
    if (!event.detail.code) return false;
    api.enter(await signIn(event.detail.code));
    return true;
  },

  /** Opens the cashier; false where the citizen left it. Whether money moved, the server knows. */
  openCashier: (cashier) =>
    new Promise((resolve) => {
      wx.requestPayment({
        timeStamp: cashier.timeStamp,
        nonceStr: cashier.nonceStr,
        package: cashier.package,
        signType: cashier.signType,
        paySign: cashier.paySign,
        success: () => resolve(true),
        fail: () => resolve(false),
      });
    }),

  go: (url) => wx.navigateTo({ url }),
  pulled: () => wx.stopPullDownRefresh(),
  /** For the citizen, with what the hotline asks for. */
  words: (failure) =>
    (failure.words || '系统开小差了，请稍后再试') + (failure.traceId ? `（编号 ${failure.traceId}）` : ''),
};
