// Categories and apps from memory, whether an app is open, and the search over all of them.
import { catalogue, now } from './settings.mjs'

const parents = new Map(Object.entries(catalogue.parents))
for (const app of catalogue.apps) {
  app.serves = new Set(app.coverage)
  app.reachedBy = new Set(app.channels)
}
const bySlug = new Map(catalogue.apps.map((app) => [app.slug, app]))
const categories = catalogue.categories.map((category) => ({
  ...category,
  apps: catalogue.apps.filter((app) => app.category === category.slug),
}))
const hot = catalogue.hot.map((slug) => bySlug.get(slug))

const idOf = (kind, key) => Buffer.from(`${kind}:${key}`).toString('base64url')

/** An app as one query shows it: in the region that was asked about. */
const shown = (app, region) => ({
  id: app.id,
  slug: app.slug,
  name: app.name,
  summary: app.summary,
  kind: app.kind,
  definition: app,
  region,
})

const covers = (app, region) => {
  for (let at = region; at !== undefined; at = parents.get(at)) {
    if (app.serves.has(at)) return true
  }
  return false
}

const status = (app, region, channel) => {
  if (!covers(app, region)) return 'NOT_IN_REGION'
  if (!app.reachedBy.has(channel)) return 'NOT_IN_CHANNEL'
  if (!app.runs) return 'MAINTENANCE'
  const { schedule } = app
  return now() < schedule.holdsUntil ? schedule.status : 'CLOSED_TODAY'
}

/** Whether an app is open, and why not; the words of each refusal are those of the product. */
export function availability(app, region, channel) {
  const found = status(app.definition, region ?? catalogue.root, channel)
  const words = app.definition.words[found]
  return { status: found, reason: words?.reason ?? null, until: words?.until ?? null }
}

export const allCategories = (region) =>
  categories.map(({ slug, name, apps }) => ({ id: idOf('Category', slug), slug, name, apps, region }))
export const appsOf = (category) => category.apps.map((app) => shown(app, category.region))
export const hotApps = (region) => hot.map((app) => shown(app, region))

const LETTERS = /^[a-z]+$/
const RANKS = [
  (phrase, typed) => phrase === typed,
  (phrase, typed) => phrase.startsWith(typed),
  (phrase, typed) => phrase.includes(typed),
]

const keysOf = (phrase, letters) => (letters ? [phrase.pinyin, phrase.initials] : [phrase.text])

/** The best rank of a phrase, or -1 where it has nothing of what was typed. */
function rank(phrase, typed, letters) {
  const keys = keysOf(phrase, letters)
  return RANKS.findIndex((fits) => keys.some((key) => fits(key, typed)))
}

/** By part of a name or another word, by pinyin or by initials; the shortest of the best first. */
export function search(text, region, first) {
  const typed = text.trim().toLowerCase()
  if (typed === '') return []
  const letters = LETTERS.test(typed)
  const best = new Map()
  for (const phrase of catalogue.phrases) {
    const at = rank(phrase, typed, letters)
    if (at < 0) continue
    const score = at * 100 + phrase.text.length
    const known = best.get(phrase.app)
    if (known === undefined || score < known.score) best.set(phrase.app, { score, phrase })
  }
  const hits = [...best.entries()].sort(([, a], [, b]) => a.score - b.score)
  return hits.slice(0, first).map(([slug, { phrase }]) => ({
    app: shown(bySlug.get(slug), region),
    matched: letters ? `${phrase.text} ${phrase.pinyin}` : phrase.text,
  }))
}
