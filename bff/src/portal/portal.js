// The portal's only script: copies, filters, and tries operations against this server.
'use strict';

const find = (id) => document.getElementById(id);
const show = (element) => element && element.removeAttribute('hidden');

// --- copy ---------------------------------------------------------------------------------------
for (const block of document.querySelectorAll('pre[data-language]')) {
  if (!navigator.clipboard) break;
  const around = document.createElement('div');
  const button = document.createElement('button');
  around.className = 'code';
  button.className = 'copy';
  button.type = 'button';
  button.textContent = '复制';
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(block.textContent);
    button.textContent = '已复制';
    setTimeout(() => { button.textContent = '复制'; }, 2000);
  });
  block.replaceWith(around);
  around.append(block, button);
}

// --- filter -------------------------------------------------------------------------------------
for (const input of document.querySelectorAll('input[data-filter]')) {
  const items = [...find(input.dataset.filter).querySelectorAll('li')];
  const count = input.parentElement.querySelector('[aria-live]');
  const apply = () => {
    const wanted = input.value.trim().toLowerCase();
    const left = items.filter((item) => {
      item.hidden = !item.textContent.toLowerCase().includes(wanted);
      return !item.hidden;
    });
    for (const section of find(input.dataset.filter).querySelectorAll('section')) {
      section.hidden = !section.querySelector('li:not([hidden])');
    }
    count.textContent = wanted ? `${left.length} 个` : '';
  };
  input.addEventListener('input', apply);
  show(input.parentElement);
  apply();
}

// --- try it -------------------------------------------------------------------------------------
const KEPT = 'yiwang-docs';
const kept = () => JSON.parse(sessionStorage.getItem(KEPT) || '{}');
const keep = (what) => sessionStorage.setItem(KEPT, JSON.stringify({ ...kept(), ...what }));

const say = (words) => { find('state').textContent = words; };
const answered = (text) => {
  find('answer').textContent = text;
  show(find('answer'));
};
const pretty = (text) => {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
};

function post(body, accept, signal) {
  const headers = { 'content-type': 'application/json', accept, 'X-Channel': find('channel').value };
  const token = find('token').value.trim();
  if (token) headers.Authorization = `Bearer ${token}`;
  return fetch('/graphql', { method: 'POST', headers, body: JSON.stringify(body), signal });
}

/** The samples in the variables become what the citizen who signed in really has. */
function ownSamples() {
  const variables = find('variables');
  for (const [sample, own] of Object.entries(kept().samples || {})) {
    if (own) variables.value = variables.value.replaceAll(JSON.stringify(sample), JSON.stringify(own));
  }
}

const SIGN_IN = `mutation SignIn($input: SignInInput!) {
  signIn(input: $input) { session { accessToken } viewer { person { phone } } userErrors { message } }
}`;

async function signIn() {
  say('正在登录……');
  const made = await fetch('/docs/demo-citizen', { method: 'POST' });
  if (!made.ok) return say('模拟渠道没有应答');
  const { code, phoneCode, samples } = await made.json();
  find('token').value = '';
  find('channel').value = 'wechat';
  const variables = { input: { by: { weChat: { code, phoneCode } } } };
  const { data } = await (await post({ query: SIGN_IN, variables }, 'application/json')).json();
  const session = data && data.signIn && data.signIn.session;
  if (!session) return say('没有登录成功');
  keep({ token: session.accessToken, channel: 'wechat', samples });
  find('token').value = session.accessToken;
  ownSamples();
  say(`已登录：${data.signIn.viewer.person.phone}，名下车辆 ${Object.values(samples).join(' ')}`);
}

let running = null;

async function run() {
  let variables;
  try { variables = JSON.parse(find('variables').value || '{}'); } catch (error) {
    return say(`变量不是 JSON：${error.message}`);
  }
  const body = { query: find('document').value, variables };
  const begun = performance.now();
  say('正在执行……');
  if (find('try').dataset.verb === 'subscription') return follow(body);
  const response = await post(body, 'application/graphql-response+json, application/json');
  answered(pretty(await response.text()));
  say(`HTTP ${response.status}，${Math.round(performance.now() - begun)} 毫秒`);
}

/** Shows events as they come, until the end or the button. */
async function follow(body) {
  running = new AbortController();
  find('stop').disabled = false;
  answered('');
  try {
    const response = await post(body, 'text/event-stream', running.signal);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      answered((find('answer').textContent + part.value).slice(-20000));
    }
    say(`HTTP ${response.status}，已结束`);
  } catch (error) {
    say(error.name === 'AbortError' ? '已停止' : `没有应答：${error.message}`);
  }
  find('stop').disabled = true;
}

if (find('try')) {
  const attempt = (what) => () => what().catch((error) => say(`没有应答：${error.message}`));
  find('token').value = kept().token || '';
  find('channel').value = kept().channel || 'app';
  find('token').addEventListener('change', () => keep({ token: find('token').value.trim() }));
  find('channel').addEventListener('change', () => keep({ channel: find('channel').value }));
  find('run').addEventListener('click', attempt(run));
  if (find('citizen')) find('citizen').addEventListener('click', attempt(signIn));
  if (find('stop')) find('stop').addEventListener('click', () => running && running.abort());
  for (const box of document.querySelectorAll('#try textarea')) {
    box.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && event.ctrlKey) attempt(run)();
    });
  }
  ownSamples();
  // The same text, to be edited, is in the place to try it.
  find('example').hidden = true;
  show(find('try'));
}
