// GraphQL Yoga on Node's own server, with its cache of parsed and validated documents.
import { createServer } from 'node:http'
import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations'
import { createSchema, createYoga } from 'graphql-yoga'
import { context, resolvers } from './resolvers.mjs'
import { schemaText, settings } from './settings.mjs'

const byId = usePersistedOperations({
  allowArbitraryOperations: true,
  skipDocumentValidation: true,
  getPersistedOperation: (id) => settings.documents[id] ?? null,
  extractPersistedOperationId: (parameters, request) =>
    parameters.query ? null : new URL(request.url).searchParams.get('documentId'),
})
const yoga = createYoga({
  schema: createSchema({ typeDefs: schemaText, resolvers }),
  context: ({ request }) => context(request.headers.get('authorization') ?? undefined),
  plugins: [byId],
  graphiql: false,
  landingPage: false,
  logging: 'error',
})
createServer(yoga).listen(settings.port, '127.0.0.1')
