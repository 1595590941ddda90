const { api, documents, key, region, store, go, provePhone, words } = require('../../lib/host');

/** Which member of AnswerValue takes the answer; text where nothing else does. */
const SHAPES = { ENUM: 'choice', INT: 'number', AMOUNT: 'fen', BOOL: 'flag', DATE: 'date', FILE: 'fileId' };
const FROM_TEXT = { number: Number, fen: (yuan) => Math.round(Number(yuan) * 100), flag: (text) => text === '是' };

Page({
  data: {
    mode: '',
    state: 'loading',
    words: '',
    faults: [],
    app: { name: '', version: 1 },
    fields: [],
    source: '',
    rows: [],
    sending: false,
  },
  slug: '',

  /** @param {any} query */
  onLoad(query) {
    this.slug = (query && query.app) || 'traffic_violation_query';
    this.setData({ mode: store.load('mode') || '' });
    this.load();
  },

  async load() {
    this.setData({ state: 'loading' });
    try {
      const { app } = await api.call(documents.App, { slug: this.slug, region });
      if (!app) throw { words: '没有这个事项' };
      if (app.availability.status !== 'OPEN') throw { words: app.availability.reason };
      this.setData({
        state: 'form',
        app: { name: app.name, version: app.form.version },
        fields: app.form.fields.map((field) => ({
          ...field,
          value: '',
          chosen: '',
          labels: (field.options || []).map((option) => option.label),
        })),
      });
    } catch (failure) {
      this.setData({ state: 'failed', words: words(failure) });
    }
  },

  type(event) {
    this.fill(event.currentTarget.dataset.name, event.detail.value, event.detail.value);
  },

  pick(event) {
    const field = this.data.fields.find((one) => one.name === event.currentTarget.dataset.name);
    const option = field.options[event.detail.value];
    this.fill(field.name, option.value, option.label);
  },

  fill(name, value, chosen) {
    const fields = this.data.fields.map((field) => (field.name === name ? { ...field, value, chosen } : field));
    this.setData({ fields });
  },

  answers() {
    return this.data.fields
      .filter((field) => field.value !== '')
      .map(({ name, type, value }) => {
        const shape = SHAPES[type] || 'text';
        const read = FROM_TEXT[shape];
        return { name, value: { [shape]: read ? read(value) : value.trim() } };
      });
  },

  async submit() {
    if (this.data.sending) return;
    const missing = this.data.fields.filter((field) => field.required && field.value === '');
    this.setData({ faults: missing.map((field) => `请填写${field.label}`), words: '' });
    if (missing.length) return;
    this.setData({ sending: true });
    try {
      await this.send({
        app: this.slug,
        region,
        formVersion: this.data.app.version,
        answers: this.answers(),
        // With a key the client may repeat the call when the network fails.
        idempotencyKey: key(),
      });
    } catch (failure) {
      this.setData({ words: words(failure) });
    }
    this.setData({ sending: false });
  },

  async send(input) {
    const answer = await api.request(documents.SubmitApp, { input });
    if (!answer.data) throw answer;
    const { outcome, userErrors } = answer.data.submitApp;
    if (userErrors.some((refusal) => refusal.code === 'IDENTITY_LEVEL_TOO_LOW')) {
      this.setData({ state: 'phone', words: userErrors[0].message });
    } else if (!outcome) {
      this.setData({ faults: userErrors.map((refusal) => refusal.message) });
    } else if (outcome.__typename === 'LookupResult') {
      this.setData({
        state: 'rows',
        source: outcome.stale ? outcome.staleReason : outcome.source,
        rows: outcome.rows.map((row, at) => ({
          at,
          fields: row.fields.filter((field) => field.value),
          notice: row.notice,
          payable: !!row.notice && row.notice.status === 'PAYABLE',
        })),
        // A part that did not answer is named beside the rows that did.
        words: answer.errors ? words(answer) : '',
      });
    } else {
      this.setData({ state: 'failed', words: '已受理。请在“我的办件和缴费”查看进度。' });
    }
  },

  async phone(event) {
    try {
      if (!(await provePhone(event))) return this.setData({ words: '需要手机号才能查询，您可以随时再授权' });
      this.setData({ state: 'form', words: '' });
      await this.submit();
    } catch (failure) {
      this.setData({ words: words(failure) });
    }
  },

  again() {
    this.setData({ state: 'form', words: '' });
  },

  pay(event) {
    go(`/pages/pay/pay?notices=${event.currentTarget.dataset.notice}`);
  },
});
