// usage: node checks.mjs HTTP_URL ACCESS_TOKEN PAYMENT_NO
// Public clients and audits against the endpoint; prints `ok NAME` for each check and `checks: N`.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { serverAudits } from 'graphql-http';
import { GraphQLClient, gql } from 'graphql-request';
import { createClient as createEventClient } from 'graphql-sse';
import { createClient as createSocketClient } from 'graphql-ws';
import WebSocket from 'ws';
import { checkLibraries } from './libraries.mjs';

const [url, token, paymentNo] = process.argv.slice(2);
const socketUrl = url.replace(/^http/, 'ws');
const PROTOCOL = 'graphql-transport-ws';
let checks = 0;
let failed = 0;

async function check(name, run) {
  checks += 1;
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}: ${error.stack}`);
  }
}

function is(actual, expected, what = '') {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (got !== wanted) throw new Error(`${what}: ${got} is not ${wanted}`);
}

/** A socket that speaks bytes: what a library would never send. */
async function rawSocket(protocol = PROTOCOL) {
  const socket = new WebSocket(socketUrl, protocol);
  const heard = [];
  socket.on('message', (bytes) => heard.push(JSON.parse(bytes.toString())));
  const closed = once(socket, 'close').then(([code]) => code);
  await once(socket, 'open');
  const say = (message) =>
    socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  const hear = async (type) => {
    for (let tries = 0; tries < 500; tries += 1) {
      const at = heard.findIndex((message) => message.type === type);
      if (at >= 0) return heard.splice(at, 1)[0];
      await new Promise((wake) => setTimeout(wake, 10));
    }
    throw new Error(`no ${type} among ${JSON.stringify(heard)}`);
  };
  const greet = async (payload) => {
    say({ type: 'connection_init', payload });
    await hear('connection_ack');
  };
  return { socket, heard, closed, say, hear, greet };
}

const subscribe = (id, query, variables) => ({ id, type: 'subscribe', payload: { query, variables } });
const HEARTBEAT = 'subscription($n:Int!){heartbeat(from:$n)}';

// --- GraphQL over HTTP: every audit of the draft, also those that are only wishes ----------------
for (const audit of serverAudits({ url, fetchFn: fetch })) {
  await check(`audit ${audit.id} ${audit.name}`, async () => {
    const result = await audit.fn();
    is(result.status, 'ok', result.reason ?? '');
  });
}

await check('graphql-request reads, and gets errors with a code', async () => {
  const client = new GraphQLClient(url);
  const { categories } = await client.request(gql`{ categories { slug } }`);
  is(categories.length, 16);
  const refused = await client.request(gql`{ nothing }`).catch((error) => error.response);
  is(refused.errors[0].extensions.code, 'BAD_INPUT');
  is(refused.errors[0].extensions.traceId.length, 16);
});

// --- clients that cache -------------------------------------------------------------------------
await checkLibraries({ check, is, url, token, slug: 'traffic_violation_query' });

// --- documents by hash --------------------------------------------------------------------------
const ask = async (address, init) => {
  const response = await fetch(address, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
};
const post = (body, headers = {}) =>
  ask(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

await check('a document is known by its hash once its text was sent', async () => {
  const query = `{ categories { slug } } # ${Math.random()}`;
  const sha256Hash = createHash('sha256').update(query).digest('hex');
  const extensions = { persistedQuery: { version: 1, sha256Hash } };
  const byHash = `${url}?extensions=${encodeURIComponent(JSON.stringify(extensions))}`;
  const unknown = JSON.parse((await ask(byHash)).text).errors[0];
  is([unknown.message, unknown.extensions.code], ['PersistedQueryNotFound', 'PERSISTED_QUERY_NOT_FOUND']);
  is(JSON.parse((await post({ query, extensions })).text).data.categories.length, 16);
  is(JSON.parse((await ask(byHash)).text).data.categories.length, 16);
  const wrong = { persistedQuery: { version: 1, sha256Hash: sha256Hash.replace(/^./, 'x') } };
  is(JSON.parse((await post({ query, extensions: wrong })).text).errors[0].extensions.code, 'BAD_INPUT');
});

await check('a document that is refused is not kept under its hash', async () => {
  const query = `{${'a{'.repeat(100)}b${'}'.repeat(100)}}`;
  const sha256Hash = createHash('sha256').update(query).digest('hex');
  const extensions = { persistedQuery: { version: 1, sha256Hash } };
  await post({ query, extensions });
  is(JSON.parse((await post({ extensions })).text).errors[0].extensions.code, 'PERSISTED_QUERY_NOT_FOUND');
});

await check('large answers are packed as the client likes, small ones are not', async () => {
  const large = `${url}?query=${encodeURIComponent('{categories{apps{slug name summary}}}')}`;
  for (const coding of ['br', 'gzip']) {
    const { headers, text } = await ask(large, { headers: { 'accept-encoding': coding } });
    is(headers.get('content-encoding'), coding);
    is(JSON.parse(text).data.categories.length, 16);
  }
  const small = await ask(`${url}?query={__typename}`, { headers: { 'accept-encoding': 'br' } });
  is(small.headers.get('content-encoding'), null);
});

await check('bodies that are no operation are refused with the status that says why', async () => {
  for (const [body, headers, status] of [
    ['{', {}, 400],
    ['[]', {}, 400],
    ['[{"query":"{__typename}"}]', {}, 400],
    ['{"query":"{__typename}"}', { 'content-type': 'text/plain' }, 415],
    ['{"query":"{__typename}"}', { 'content-type': 'application/json; charset=gbk' }, 415],
    ['{"query":"{__typename}"}', { 'content-encoding': 'gzip' }, 415],
    ['{"query":"{__typename}"}', { accept: 'text/html' }, 406],
    [JSON.stringify({ query: `{__typename} #${'x'.repeat(70_000)}` }), {}, 413],
  ]) {
    is((await post(body, headers)).status, status, body.slice(0, 40));
  }
});

// --- sockets ------------------------------------------------------------------------------------
const socketClient = (connectionParams) =>
  createSocketClient({ url: socketUrl, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams });

await check('graphql-ws counts down', async () => {
  const client = socketClient();
  const beats = [];
  for await (const { data } of client.iterate({ query: HEARTBEAT, variables: { n: 2 } })) beats.push(data.heartbeat);
  await client.dispose();
  is(beats, [2, 1, 0]);
});

await check('graphql-ws sees an own payment, and nobody else does', async () => {
  const query = 'subscription($no:String!){paymentChanged(paymentNo:$no){paymentNo status}}';
  const operation = { query, variables: { no: paymentNo } };
  const mine = socketClient({ Authorization: `Bearer ${token}` });
  const first = (await mine.iterate(operation).next()).value;
  is(first.data.paymentChanged.paymentNo, paymentNo);
  await mine.dispose();
  const nobody = socketClient();
  const refused = await nobody.iterate(operation).next().catch((errors) => errors);
  is(refused.map(({ extensions }) => extensions.code), ['NOT_SIGNED_IN']);
  await nobody.dispose();
});

for (const [name, code, run] of [
  ['what is no JSON', 4400, async (s) => s.say('{')],
  ['a message of no known type', 4400, async (s) => { await s.greet(); s.say({ type: 'start' }); }],
  ['a message that nests too deep', 4400, async (s) => s.say('['.repeat(500) + ']'.repeat(500))],
  ['bytes', 4400, async (s) => s.socket.send(Buffer.from('{}'))],
  ['an operation before the greeting', 4401, async (s) => s.say(subscribe('1', '{__typename}'))],
  ['a token that is none', 4403, async (s) => s.say({ type: 'connection_init', payload: { Authorization: 'Bearer x' } })],
  ['no greeting', 4408, async () => {}],
  ['an id that is in use', 4409, async (s) => {
    await s.greet();
    s.say(subscribe('1', HEARTBEAT, { n: 60 }));
    s.say(subscribe('1', HEARTBEAT, { n: 60 }));
  }],
  ['a second greeting', 4429, async (s) => { await s.greet(); s.say({ type: 'connection_init' }); }],
  ['a message of more than 64 KB', 1009, async (s) => { await s.greet(); s.say(subscribe('1', `{__typename} #${'x'.repeat(70_000)}`)); }],
]) {
  await check(`a socket is closed with ${code} for ${name}`, async () => {
    const socket = await rawSocket();
    await run(socket);
    is(await socket.closed, code);
  });
}

await check('an older protocol is not spoken', async () => {
  const socket = new WebSocket(socketUrl, 'graphql-ws');
  socket.on('error', () => {});
  const [, response] = await once(socket, 'unexpected-response');
  is(response.statusCode, 400);
  socket.terminate();
});

await check('a socket answers pings, and takes pongs that nobody asked for', async () => {
  const { socket, say, hear, greet } = await rawSocket();
  await greet();
  say({ type: 'pong' });
  say({ type: 'ping', payload: { a: 1 } });
  is((await hear('pong')).payload, { a: 1 });
  socket.terminate();
});

await check('what cannot be executed is an error of the operation, and its id is free again', async () => {
  const { socket, say, hear, greet } = await rawSocket();
  await greet();
  for (const query of ['{', '{nothing}', `{${'a{'.repeat(100)}b${'}'.repeat(100)}}`]) {
    say(subscribe('1', query));
    const { payload } = await hear('error');
    is(payload[0].extensions.code, 'BAD_INPUT');
  }
  say(subscribe('1', '{__typename}'));
  is((await hear('next')).payload, { data: { __typename: 'Query' } });
  is((await hear('complete')).id, '1');
  socket.terminate();
});

await check('an operation that the client ends says no more', async () => {
  const { socket, heard, say, hear, greet } = await rawSocket();
  await greet();
  say(subscribe('1', HEARTBEAT, { n: 60 }));
  await hear('next');
  say({ id: '1', type: 'complete' });
  say(subscribe('2', HEARTBEAT, { n: 2 }));
  await hear('complete');
  is(heard.filter(({ id, type }) => id === '1' && type === 'next'), []);
  socket.terminate();
});

await check('a socket has 32 operations at once and no more', async () => {
  const { socket, heard, say, hear, greet } = await rawSocket();
  await greet();
  for (let number = 0; number < 33; number += 1) say(subscribe(`n${number}`, HEARTBEAT, { n: 60 }));
  is((await hear('error')).payload[0].extensions.code, 'OVERLOADED');
  is(heard.some(({ type }) => type === 'error'), false, 'one too many');
  socket.terminate();
});

// --- event streams ------------------------------------------------------------------------------
await check('graphql-sse counts down, and queries', async () => {
  const client = createEventClient({ url, retryAttempts: 0 });
  const beats = [];
  for await (const { data } of client.iterate({ query: HEARTBEAT, variables: { n: 1 } })) beats.push(data.heartbeat);
  is(beats, [1, 0]);
  for await (const { data } of client.iterate({ query: '{__typename}' })) is(data, { __typename: 'Query' });
  client.dispose();
});

await check('a subscription that asks for JSON is told where to go', async () => {
  const { text } = await post({ query: 'subscription{heartbeat}' });
  is(JSON.parse(text).errors[0].extensions.code, 'BAD_INPUT');
});

console.log(`checks: ${checks}`);
process.exit(failed === 0 ? 0 : 1);
