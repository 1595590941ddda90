// What is Alipay's own. The pages know this file and nothing of `my`, so that they are the same in
// both mini-programs.
const { client, key } = require('./yiwang');
const { socket } = require('./socket');
const documents = require('./documents');
const settings = require('../settings');

const store = {
  /** @type {(name: string) => any} */
  load: (name) => my.getStorageSync({ key: name }).data || null,
  /** Null forgets it. @type {(name: string, value: any) => unknown} */
  keep: (name, value) => (value === null ? my.removeStorageSync({ key: name }) : my.setStorageSync({ key: name, data: value })),
};

/** The citizen's phone or tablet, for the list of devices. */
function device() {
  const id = store.load('device') || key();
  store.keep('device', id);
  return { id };
}

/** A session by what Alipay knows of the citizen; with the sealed phone number at level PHONE. */
async function signIn(encryptedPhone) {
  const authCode = await new Promise((resolve, reject) => {
    my.getAuthCode({
      scopes: 'auth_base',
      success: (answer) => resolve(answer.authCode),
      fail: () => reject({ words: '支付宝登录失败，请重试' }),
    });
  });
  const by = { alipay: { authCode, encryptedPhone } };
  const { signIn: payload } = await api.call(documents.SignIn, { input: { by, device: device() } });
  if (!payload.session) throw { words: payload.userErrors[0].message };
  return payload.session;
}

const api = client(my, {
  url: settings.url,
  channel: 'alipay',
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
  rail: /** @type {'ALIPAY'} */ ('ALIPAY'),
  live: socket(my, { url: settings.socketUrl, token: api.token, renew: api.renew }),

  /** After the button with open-type="getAuthorize"; false where the citizen said no. */
  async provePhone(event) {
    if (event.type === 'error') return false;
    const sealed = await new Promise((resolve) => {
      my.getPhoneNumber({ success: (answer) => resolve(answer.response), fail: () => resolve('') });
    });
    if (!sealed) return false;
    api.enter(await signIn(sealed));
    return true;
  },

  /** Opens the cashier; false where the citizen left it. Whether money moved, the server knows. */
  openCashier: (cashier) =>
    new Promise((resolve) => {
      my.tradePay({
        tradeNO: cashier.tradeNo,
        // 9000 paid, 8000 under way, 6001 left.
        success: (answer) => resolve(answer.resultCode !== '6001'),
        fail: () => resolve(false),
      });
    }),

  go: (url) => my.navigateTo({ url }),
  pulled: () => my.stopPullDownRefresh(),
  /** For the citizen, with what the hotline asks for. */
  words: (failure) =>
    (failure.words || '系统开小差了，请稍后再试') + (failure.traceId ? `（编号 ${failure.traceId}）` : ''),
};
