// The cached clients of the web, unmodified: Apollo Client and urql, by POST, by GET and by hash.
import { createHash } from 'node:crypto';
import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { Client, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';

const CATEGORIES = 'query Categories { categories { id slug name } }';
const APP = 'query App($slug: String!) { app(slug: $slug) { id slug name } }';
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/** Counts what leaves, so that a hash that always falls back to the text is noticed. */
function counting() {
  const sent = [];
  const run = (address, init) => {
    sent.push({ address: String(address), body: init?.body ?? '', method: init?.method ?? 'GET' });
    return fetch(address, init);
  };
  return { sent, run };
}

const apollo = (link) =>
  new ApolloClient({
    link,
    cache: new InMemoryCache(),
    defaultOptions: { query: { fetchPolicy: 'network-only' } },
  });

async function checkApollo({ check, is, url, token, slug }) {
  const headers = { authorization: `Bearer ${token}` };

  for (const useGETForQueries of [false, true]) {
    await check(`Apollo Client reads by ${useGETForQueries ? 'GET' : 'POST'}`, async () => {
      const { sent, run } = counting();
      const client = apollo(new HttpLink({ uri: url, fetch: run, useGETForQueries }));
      const { data } = await client.query({ query: gql(CATEGORIES) });
      is(data.categories.length, 16);
      const app = await client.query({ query: gql(APP), variables: { slug } });
      is([app.data.app.slug, app.data.app.__typename], [slug, 'App']);
      is(sent.map(({ method }) => method), Array(2).fill(useGETForQueries ? 'GET' : 'POST'));
    });
  }

  await check('Apollo Client gets errors of the operation with their code', async () => {
    const client = apollo(new HttpLink({ uri: url }));
    const failed = await client.query({ query: gql('{ nothing }') }).catch((error) => error);
    is(CombinedGraphQLErrors.is(failed), true);
    is(failed.errors[0].extensions.code, 'BAD_INPUT');
  });

  await check('Apollo Client keeps a person apart from the public', async () => {
    const mine = apollo(new HttpLink({ uri: url, headers }));
    const query = gql('{ viewer { person { id } } }');
    is(typeof (await mine.query({ query })).data.viewer.person.id, 'string');
    is((await apollo(new HttpLink({ uri: url })).query({ query })).data.viewer, null);
  });

  await check('Apollo Client sends a text once and its hash from then on', async () => {
    const { sent, run } = counting();
    const hashes = new PersistedQueryLink({ sha256, useGETForHashedQueries: true });
    const client = apollo(hashes.concat(new HttpLink({ uri: url, fetch: run })));
    const query = gql(`query Apollo${Date.now()} { categories { id slug } }`);
    for (let round = 0; round < 3; round += 1) {
      is((await client.query({ query })).data.categories.length, 16);
    }
    const texts = sent.filter(({ address, body }) => /[?&]query=/.test(address) || /"query"/.test(body));
    is([sent.length, texts.length], [4, 1]);
  });
}

async function checkUrql({ check, is, url, slug }) {
  const client = (options = {}) =>
    new Client({ url, exchanges: [fetchExchange], preferGetMethod: false, ...options });

  for (const preferGetMethod of [false, 'force']) {
    await check(`urql reads by ${preferGetMethod ? 'GET' : 'POST'}`, async () => {
      const { sent, run } = counting();
      const { data, error } = await client({ preferGetMethod, fetch: run }).query(APP, { slug }).toPromise();
      is([error, data.app.slug], [undefined, slug]);
      is(sent.map(({ method }) => method), [preferGetMethod ? 'GET' : 'POST']);
    });
  }

  await check('urql takes a fault of the operation for one, not for a broken line', async () => {
    const { error } = await client().query('{ nothing }', {}).toPromise();
    is([error.networkError, error.graphQLErrors[0].extensions.code], [undefined, 'BAD_INPUT']);
  });

  for (const preferGetForPersistedQueries of [false, true]) {
    await check(`urql sends hashes by ${preferGetForPersistedQueries ? 'GET' : 'POST'}`, async () => {
      const { sent, run } = counting();
      const hashes = persistedExchange({ preferGetForPersistedQueries });
      const one = client({ exchanges: [hashes, fetchExchange], fetch: run });
      const query = `query Urql${Date.now()}${preferGetForPersistedQueries} { categories { id slug } }`;
      for (let round = 0; round < 3; round += 1) {
        const { data, error } = await one.query(query, {}, { requestPolicy: 'network-only' }).toPromise();
        is([error, data.categories.length], [undefined, 16]);
      }
      const texts = sent.filter(({ address, body }) => /[?&]query=/.test(address) || /"query"/.test(body));
      is([sent.length, texts.length], [4, 1]);
    });
  }
}

export async function checkLibraries(bench) {
  await checkApollo(bench);
  await checkUrql(bench);
}
