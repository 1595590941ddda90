const { api, documents, region, store, go, words } = require('../../lib/host');

Page({
  data: { mode: '', state: 'idle', words: '', text: '', hits: [] },

  /** @param {any} query */
  onLoad(query) {
    this.setData({ mode: store.load('mode') || '', text: decodeURIComponent((query && query.text) || '') });
    if (this.data.text) this.search();
  },

  type(event) {
    this.setData({ text: event.detail.value });
  },

  async search() {
    const text = this.data.text.trim();
    if (!text) return;
    this.setData({ state: 'loading' });
    try {
      const { searchApps } = await api.call(documents.Search, { text, region });
      // An answer to what was typed before is of no interest any more.
      if (text === this.data.text.trim()) this.setData({ state: 'ready', hits: searchApps });
    } catch (failure) {
      this.setData({ state: 'failed', words: words(failure) });
    }
  },

  open(event) {
    go(`/pages/violations/violations?app=${event.currentTarget.dataset.app}`);
  },
});
