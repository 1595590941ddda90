// What the two hosts do to a mini-program, from their documents and typings: domains, methods,
// headers, ten calls at once, what counts as a failure, what the background cuts off. Behind it are
// the real server and the mock channels.
import http from 'node:http';
import WebSocket from 'ws';

const METHODS = ['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT'];
const REFERER = {
  wx: 'https://servicewechat.com/wx0000000000000000/1/page-frame.html',
  my: 'https://2021000000000000.hybrid.alipay-eco.com/2021000000000000/0.1/index.html',
};
const AT_ONCE = 10;
const SOCKETS_AT_ONCE = 5;

export class Phone {
  /** @param kind `wx` or `my` */
  constructor(kind, { levers, citizenId, domains, socketsWork = true }) {
    Object.assign(this, { kind, levers, citizenId, domains, socketsWork });
    this.broken = []; // rules that the program broke
    this.sent = []; // bodies or query strings of calls that left
    this.live = new Set();
    this.peak = 0;
    this.sockets = new Set();
    this.went = []; // pages
    this.storage = {};
    this.cashiers = 0;
    this.leavesCashier = false;
    this.asleep = false;
    this.meddle = undefined; // (call) => answer to give instead, 'cut' or 'cut-after'
    this.hide = () => {};
    this.show = () => {};
    this.host = this.makeHost();
  }

  breaks(rule) {
    this.broken.push(rule);
  }

  refusal(words, code) {
    return this.kind === 'wx' ? { errMsg: `request:fail ${words}`, errno: code } : { error: code, errorMessage: words };
  }

  /** The citizen is somewhere else for more than five seconds: what is under way is cut off. */
  background() {
    this.asleep = true;
    this.hide();
    for (const call of [...this.live]) call.cut('interrupted');
    for (const socket of this.sockets) socket.terminate();
  }

  foreground() {
    this.asleep = false;
    this.show({});
  }

  request(options) {
    const call = { options, done: false };
    const method = (options.method || 'GET').toUpperCase();
    const end = (how, answer) => {
      if (call.done) return;
      call.done = true;
      this.live.delete(call);
      const hear = options[how];
      if (hear) hear(answer);
      if (options.complete) options.complete(answer);
    };
    call.cut = (words) => {
      if (call.wire) call.wire.destroy();
      end('fail', this.refusal(words, this.kind === 'wx' ? 600003 : 13));
    };
    const refuse = (words, code) => setImmediate(() => end('fail', this.refusal(words, code)));
    if (!METHODS.includes(method)) {
      this.breaks(`method ${method}`);
      refuse('method is invalid', 2);
      return { abort() {} };
    }
    const address = new URL(options.url);
    if (!this.domains.includes(address.host)) {
      refuse('url not in domain list', this.kind === 'wx' ? 600002 : 4);
      return { abort() {} };
    }
    const given = (this.kind === 'wx' ? options.header : options.headers || options.header) || {};
    const headers = { 'content-type': 'application/json', 'accept-encoding': 'identity', referer: REFERER[this.kind] };
    for (const [name, value] of Object.entries(given)) {
      if (name.toLowerCase() === 'referer') this.breaks('referer is set');
      else if (typeof value !== 'string') this.breaks(`header ${name} is no text`);
      else headers[name.toLowerCase()] = value;
    }
    let body = '';
    if (method === 'GET') {
      if (options.data !== undefined) this.breaks('data of a GET: objects in it do not survive');
    } else {
      body = typeof options.data === 'string' ? options.data : JSON.stringify(options.data ?? {});
    }
    if (this.live.size >= AT_ONCE) this.breaks(`more than ${AT_ONCE} calls at once`);
    if (this.asleep) {
      refuse('interrupted', this.kind === 'wx' ? 600003 : 13);
      return { abort() {} };
    }
    this.live.add(call);
    this.peak = Math.max(this.peak, this.live.size);
    this.sent.push(body || decodeURIComponent(address.search));
    const meddled = this.meddle && this.meddle(body || decodeURIComponent(address.search), this);
    if (meddled === 'cut') {
      setImmediate(() => call.cut('net::ERR_CONNECTION_RESET'));
      return { abort() {} };
    }
    if (meddled && meddled !== 'cut-after') {
      setImmediate(() => this.answer(end, options, meddled.status, meddled.headers || {}, meddled.body || ''));
      return { abort() {} };
    }
    call.wire = http.request(address, { method, headers: { ...headers, 'content-length': Buffer.byteLength(body) } }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => {
        if (meddled === 'cut-after') call.cut('net::ERR_CONNECTION_RESET');
        else this.answer(end, options, response.statusCode, response.headers, Buffer.concat(parts).toString('utf8'));
      });
    });
    call.wire.setTimeout(options.timeout || 60000, () => call.cut('timeout'));
    call.wire.on('error', (error) => call.cut(error.message));
    call.wire.end(body);
    return { abort: () => call.cut('abort') };
  }

  /** WeChat takes every status for a success; Alipay fails what is not 2xx, and old ones lose the body. */
  answer(end, options, status, headers, text) {
    let data = text;
    let readable = true;
    if ((options.dataType || 'json') === 'json') {
      try {
        data = JSON.parse(text);
      } catch {
        readable = false;
      }
    }
    if (this.kind === 'wx') return end('success', { statusCode: status, data, header: headers, cookies: [], errMsg: 'request:ok' });
    if (status < 200 || status > 299) return end('fail', { error: 19, errorMessage: 'http status error', status });
    if (!readable) return end('fail', { error: 14, errorMessage: 'JSON parse data error' });
    return end('success', { status, statusCode: status, data, headers, header: headers });
  }

  connectSocket(options) {
    const { kind } = this;
    if (kind === 'my' && options.multiple !== true) {
      this.breaks('a socket without `multiple` closes every other');
      return undefined;
    }
    if (this.sockets.size >= SOCKETS_AT_ONCE) this.breaks(`more than ${SOCKETS_AT_ONCE} sockets`);
    const address = this.socketsWork ? options.url : 'ws://127.0.0.1:9/';
    const socket = new WebSocket(address, options.protocols);
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    const heard = (content) => (kind === 'wx' ? { data: content } : { data: { data: content, isBuffer: false } });
    const closed = (code, reason) => (kind === 'wx' ? { code, reason } : { data: { code, reason } });
    return {
      onOpen: (hear) => socket.on('open', () => hear({})),
      onMessage: (hear) => socket.on('message', (bytes) => hear(heard(bytes.toString()))),
      onClose: (hear) => socket.on('close', (code, reason) => hear(closed(code, String(reason)))),
      onError: (hear) => socket.on('error', (error) => hear({ errMsg: error.message })),
      send: ({ data }) => socket.send(data),
      close: ({ code } = {}) => socket.close(code || 1000),
    };
  }

  async pull(path, body = {}) {
    const response = await fetch(`${this.levers}/${path}`, { method: 'POST', body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** The citizen pays in the cashier, or leaves it. */
  cashier(pay, { success, fail }, words) {
    this.cashiers += 1;
    if (this.leavesCashier) return setImmediate(() => (words.left ? success(words.left) : fail(words.fail)));
    return pay().then(() => success(words.paid), (error) => fail({ errMsg: error.message }));
  }

  makeHost() {
    const { kind } = this;
    const mine = {
      request: (options) => this.request(options),
      connectSocket: (options) => this.connectSocket(options),
      onAppHide: (hear) => {
        const before = this.hide;
        this.hide = () => (before(), hear());
      },
      onAppShow: (hear) => {
        const before = this.show;
        this.show = () => (before(), hear({}));
      },
      navigateTo: ({ url }) => this.went.push(url),
      stopPullDownRefresh: () => {},
    };
    const answers = (promise, { success, fail }) => promise.then(success, (error) => fail({ errMsg: error.message }));
    if (kind === 'wx') {
      return Object.assign(mine, {
        getStorageSync: (key) => this.storage[key] ?? '',
        setStorageSync: (key, data) => void (this.storage[key] = JSON.parse(JSON.stringify(data))),
        removeStorageSync: (key) => void delete this.storage[key],
        login: (options) => answers(this.pull(`citizens/${this.citizenId}/wechat-code`).then(({ code }) => ({ code })), options),
        requestPayment: (options) => {
          const { timeStamp, nonceStr, package: prepay, signType, paySign } = options;
          const pay = () => this.pull('cashier', { package: { timeStamp, nonceStr, package: prepay, signType, paySign }, citizenId: this.citizenId, approve: true });
          this.cashier(pay, options, { paid: { errMsg: 'requestPayment:ok' }, fail: { errMsg: 'requestPayment:fail cancel' } });
        },
      });
    }
    return Object.assign(mine, {
      getStorageSync: ({ key }) => ({ data: this.storage[key] ?? null }),
      setStorageSync: ({ key, data }) => void (this.storage[key] = JSON.parse(JSON.stringify(data))),
      removeStorageSync: ({ key }) => void delete this.storage[key],
      getAuthCode: (options) => answers(this.pull(`citizens/${this.citizenId}/alipay-code`).then(({ authCode }) => ({ authCode })), options),
      getPhoneNumber: (options) =>
        answers(this.pull(`citizens/${this.citizenId}/alipay-code`).then(({ phone }) => ({ response: JSON.stringify(phone) })), options),
      tradePay: (options) => {
        const pay = async () => {
          const { trades } = await (await fetch(`${this.levers}/alipay/trades`)).json();
          const { outTradeNo } = trades.find(({ tradeNo }) => tradeNo === options.tradeNO);
          return this.pull(`alipay/trades/${outTradeNo}/approve`);
        };
        this.cashier(pay, options, { paid: { resultCode: '9000' }, left: { resultCode: '6001' } });
      },
    });
  }

  /** What the phone button hands to the page. */
  async phoneButton() {
    if (this.kind === 'my') return { type: 'getAuthorize', detail: {} };
    return { type: 'getphonenumber', detail: { code: (await this.pull(`citizens/${this.citizenId}/wechat-code`)).phoneCode } };
  }
}
