// Mercurius, every operation compiled at its first use.
import Fastify from 'fastify'
import mercurius from 'mercurius'
import { context, resolvers } from './resolvers.mjs'
import { schemaText, settings } from './settings.mjs'

const app = Fastify({ logger: false })
await app.register(mercurius, {
  schema: schemaText,
  resolvers,
  jit: 1,
  context: (request) => context(request.headers.authorization),
  persistedQueries: settings.documents,
})
await app.listen({ host: '127.0.0.1', port: settings.port })
