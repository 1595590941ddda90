const { api, documents, key, rail, live, openCashier, provePhone, store, go, words } = require('../../lib/host');

/** What the citizen reads; a status that is newer than this program is still under way. */
const STATUS = {
  SUBMITTED: '等待支付',
  UNKNOWN: '正在确认支付结果，请不要重复支付',
  UNDER_REVIEW: '已收到款项，金额正在核对',
  PAID: '缴款成功',
  CLOSED: '订单已关闭，没有扣款',
  REFUND_DUE: '多收的款项将原路退回',
  REFUNDING: '正在原路退回',
  PARTIALLY_REFUNDED: '部分款项已退回',
  REFUNDED: '款项已退回',
};
const OPEN = ['SUBMITTED', 'UNKNOWN'];

Page({
  data: {
    mode: '',
    // loading, ready, busy, phone, waiting, left (the cashier), over, failed
    state: 'loading',
    words: '',
    items: [],
    total: { fen: 0, display: '' },
    statusText: '',
    paymentNo: '',
    paid: false,
  },
  notices: [],
  quote: '',
  busy: false,
  looking: false,
  stop: /** @type {any} */ (null),

  /** @param {any} query */
  onLoad(query) {
    this.notices = (query && query.notices ? query.notices : '').split(',');
    this.setData({ mode: store.load('mode') || '' });
    this.load();
  },

  /** Back from the background or from the cashier: what happened meanwhile? */
  onShow() {
    if (this.data.state === 'waiting') this.look();
  },

  onUnload() {
    this.stopWatching();
  },

  async load() {
    this.setData({ state: 'loading' });
    try {
      const { quote } = await api.call(documents.Quote, { noticeNos: this.notices });
      this.quote = quote.token;
      this.setData({ state: 'ready', items: quote.items, total: quote.total });
    } catch (failure) {
      this.setData({ state: 'failed', words: words(failure) });
    }
  },

  /**
   * What startPayment is asked, the same until the payment is over: kept on the phone, so that a
   * second tap, a retry or a restart of the program is the same payment.
   */
  wish() {
    const name = `pay:${this.notices.join()}`;
    const kept = store.load(name);
    if (kept && kept.expectedTotal === this.data.total.fen) return kept;
    const wish = {
      noticeNos: this.notices,
      rail,
      expectedTotal: this.data.total.fen,
      quote: this.quote,
      idempotencyKey: key(),
    };
    store.keep(name, wish);
    return wish;
  },

  forget() {
    store.keep(`pay:${this.notices.join()}`, null);
  },

  async pay() {
    if (this.busy) return;
    this.busy = true;
    this.setData({ state: 'busy', words: '' });
    try {
      const { startPayment } = await api.call(documents.StartPayment, { input: this.wish() });
      await this.started(startPayment);
    } catch (failure) {
      this.setData({ state: 'ready', words: words(failure) });
    }
    this.busy = false;
  },

  async started({ payment, cashier, userErrors }) {
    const [refusal] = userErrors;
    if (payment) this.setData({ paymentNo: payment.paymentNo });
    // A payment that was begun before, here or on another phone, goes on.
    if (payment && (!OPEN.includes(payment.status) || !cashier)) {
      return OPEN.includes(payment.status) ? this.left(payment, refusal) : this.show(payment);
    }
    if (cashier) {
      const stayed = await openCashier(cashier);
      this.setData({ state: 'waiting', statusText: '正在确认支付结果…' });
      const now = await this.look();
      if (!stayed && now && now.status === 'SUBMITTED') return this.left(now);
      if (this.data.state === 'waiting') this.watch();
      return undefined;
    }
    return this.refused(refusal);
  },

  refused(refusal) {
    if (['AMOUNT_CHANGED', 'QUOTE_EXPIRED', 'IDEMPOTENCY_KEY_REUSED'].includes(refusal.code)) {
      this.forget();
      this.load();
      return this.setData({ words: `${refusal.message}，请核对新的金额后再付` });
    }
    if (refusal.code === 'IDENTITY_LEVEL_TOO_LOW') return this.setData({ state: 'phone', words: refusal.message });
    return this.setData({ state: 'ready', words: refusal.message });
  },

  async phone(event) {
    try {
      if (await provePhone(event)) await this.pay();
      else this.setData({ words: '需要手机号才能缴款，您可以随时再授权' });
    } catch (failure) {
      this.setData({ words: words(failure) });
    }
  },

  /** Not paid, and not over: the citizen goes on or gives up. */
  left(payment, refusal) {
    this.stopWatching();
    const told = refusal ? refusal.message : '还没有付款。您可以继续支付，或取消这次支付。';
    this.setData({ state: 'left', statusText: STATUS[payment.status] || '处理中', words: told });
  },

  /** Asks the rail, by the server, how it stands; one question at a time. */
  async look() {
    if (this.looking) return undefined;
    this.looking = true;
    let payment;
    try {
      const { refreshPayment } = await api.call(documents.RefreshPayment, { input: { paymentNo: this.data.paymentNo } });
      payment = refreshPayment.payment;
      if (payment) this.show(payment);
    } catch (failure) {
      this.setData({ words: words(failure) });
    }
    this.looking = false;
    return payment;
  },

  /** Told by the socket; asked every three seconds where there is none. */
  watch() {
    this.stopWatching();
    this.stop = live.watch(
      documents.PaymentChanged,
      { paymentNo: this.data.paymentNo },
      { next: ({ paymentChanged }) => this.show(paymentChanged), poll: () => this.look() },
    );
  },

  stopWatching() {
    if (this.stop) this.stop();
    this.stop = null;
  },

  show(payment) {
    const over = STATUS[payment.status] && !OPEN.includes(payment.status);
    this.setData({
      state: over ? 'over' : 'waiting',
      statusText: STATUS[payment.status] || '处理中',
      paid: payment.status === 'PAID',
      words: '',
    });
    if (over) {
      this.forget();
      this.stopWatching();
    }
  },

  async cancel() {
    if (this.busy) return;
    this.busy = true;
    try {
      const { cancelPayment } = await api.call(documents.CancelPayment, { input: { paymentNo: this.data.paymentNo } });
      const { payment, userErrors } = cancelPayment;
      if (payment) this.show(payment);
      else this.setData({ words: userErrors[0].message });
    } catch (failure) {
      this.setData({ words: words(failure) });
    }
    this.busy = false;
  },

  cases() {
    go('/pages/cases/cases');
  },
});
