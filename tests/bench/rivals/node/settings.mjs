// What the benchmark tells a server: one JSON file, named by the environment.
import { readFileSync } from 'node:fs'

export const settings = JSON.parse(readFileSync(process.env.RIVAL_SETTINGS, 'utf8'))
/** The schema as the product serves it. */
export const schemaText = readFileSync(settings.schema, 'utf8')
/** Categories, apps, words to search by: what the product itself read from its definitions. */
export const catalogue = JSON.parse(readFileSync(settings.catalogue, 'utf8'))
/** Both sides live at the played channels' time. */
export const now = () => Date.now() + settings.aheadMs
