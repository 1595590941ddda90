const { api, documents, store, pulled, words } = require('../../lib/host');

const STATUS = {
  SUBMITTED: '等待支付', UNKNOWN: '确认中', UNDER_REVIEW: '核对中', PAID: '已缴款', CLOSED: '已关闭',
  REFUND_DUE: '待退回', REFUNDING: '退回中', PARTIALLY_REFUNDED: '部分退回', REFUNDED: '已退回',
};

Page({
  data: { mode: '', state: 'loading', words: '', cases: [], payments: [], more: false },
  after: '',
  loading: false,

  onLoad() {
    this.setData({ mode: store.load('mode') || '' });
  },

  onShow() {
    this.load();
  },

  onPullDownRefresh() {
    this.load();
  },

  async load() {
    this.setData({ state: this.data.state === 'ready' ? 'ready' : 'loading', words: '' });
    try {
      const [mine, paid] = await Promise.all([api.call(documents.Cases, {}), api.call(documents.Payments, {})]);
      const cases = mine.viewer && mine.viewer.cases;
      const payments = paid.viewer && paid.viewer.payments;
      this.after = cases && cases.pageInfo.endCursor;
      this.setData({
        state: 'ready',
        cases: cases ? cases.nodes : [],
        more: !!cases && cases.pageInfo.hasNextPage,
        payments: (payments ? payments.nodes : []).map((payment) => ({
          ...payment,
          statusText: STATUS[payment.status] || '处理中',
        })),
      });
    } catch (failure) {
      this.setData({ state: 'failed', words: words(failure) });
    }
    pulled();
  },

  async loadMore() {
    if (!this.data.more || this.loading) return;
    this.loading = true;
    try {
      const { viewer } = await api.call(documents.Cases, { after: this.after });
      const { nodes, pageInfo } = viewer.cases;
      this.after = pageInfo.endCursor;
      this.setData({ cases: this.data.cases.concat(nodes), more: pageInfo.hasNextPage });
    } catch (failure) {
      this.setData({ words: words(failure) });
    }
    this.loading = false;
  },

  onReachBottom() {
    this.loadMore();
  },
});
