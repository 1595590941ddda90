const { api, documents, region, store, go, pulled, words } = require('../../lib/host');

Page({
  data: {
    mode: '',
    state: 'loading',
    words: '',
    text: '',
    hot: [],
    categories: [],
    mine: { notices: [], cases: [], words: '' },
  },

  onLoad() {
    this.setData({ mode: store.load('mode') || '' });
    this.load();
  },

  onShow() {
    this.loadMine();
  },

  onPullDownRefresh() {
    this.load();
    this.loadMine();
  },

  /** What everybody sees: by GET, from a cache on the way. */
  async load() {
    this.setData({ state: 'loading' });
    try {
      const elder = this.data.mode === 'elder';
      const { home } = await api.call(documents.Home, { region, elder });
      const hot = elder && home.elder ? home.elder.tiles.map((tile) => tile.app) : home.hot;
      this.setData({ state: 'ready', hot, categories: elder ? [] : home.categories });
    } catch (failure) {
      this.setData({ state: 'failed', words: words(failure) });
    }
    pulled();
  },

  /** What is the citizen's own: one part that fails leaves the others. */
  async loadMine() {
    try {
      const { home } = await api.call(documents.MyHome, { region });
      const { notices, cases } = home;
      const silent = [notices, cases].map((part) => part && part.unavailable).filter(Boolean);
      this.setData({
        mine: {
          notices: (notices && notices.nodes) || [],
          cases: (cases && cases.nodes) || [],
          words: silent.map((one) => one.reason).join('；'),
        },
      });
    } catch (failure) {
      this.setData({ mine: { notices: [], cases: [], words: words(failure) } });
    }
  },

  switchMode() {
    const mode = this.data.mode ? '' : 'elder';
    store.keep('mode', mode);
    this.setData({ mode });
    this.load();
  },

  type(event) {
    this.setData({ text: event.detail.value });
  },

  search() {
    go(`/pages/search/search?text=${encodeURIComponent(this.data.text)}`);
  },

  open(event) {
    go(`/pages/violations/violations?app=${event.currentTarget.dataset.app}`);
  },

  pay(event) {
    go(`/pages/pay/pay?notices=${event.currentTarget.dataset.notice}`);
  },

  cases() {
    go('/pages/cases/cases');
  },
});
