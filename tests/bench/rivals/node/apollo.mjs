// Apollo Server under Fastify, with its cache of parsed documents; known documents by hash.
import { ApolloServer } from '@apollo/server'
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled'
import fastifyApollo from '@as-integrations/fastify'
import { makeExecutableSchema } from '@graphql-tools/schema'
import Fastify from 'fastify'
import { context, resolvers } from './resolvers.mjs'
import { schemaText, settings } from './settings.mjs'

const server = new ApolloServer({
  schema: makeExecutableSchema({ typeDefs: schemaText, resolvers }),
  plugins: [ApolloServerPluginCacheControlDisabled()],
})
await server.start()
const app = Fastify({ logger: false })
await app.register(fastifyApollo(server), {
  path: '/graphql',
  context: (request) => context(request.headers.authorization),
})
await app.listen({ host: '127.0.0.1', port: settings.port })
