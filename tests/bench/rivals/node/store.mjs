// The product's own tables, read as the product reads them: by prepared statements over a pool of
// as many connections.
import { createDecipheriv, createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { now, settings } from './settings.mjs'

export const pool = new pg.Pool({
  connectionString: settings.databaseUrl,
  max: settings.connections,
  idleTimeoutMillis: 0,
})

/** One prepared statement, named once. */
export const statement = (name, text) => ({
  all: async (client, ...values) => (await client.query({ name, text, values })).rows,
  one: async (client, ...values) => (await client.query({ name, text, values })).rows[0],
})

const PERSON = 'person'
const key = Buffer.from(readFileSync(join(settings.keyDir, 'data.key'), 'utf8').trim(), 'base64')

/** What is sealed is `v1:<key id>:<base64 of nonce, ciphertext and tag>`, bound to its place. */
function opened(column, row, sealed) {
  if (sealed === null) return null
  const whole = Buffer.from(sealed.slice(sealed.lastIndexOf(':') + 1), 'base64')
  const decipher = createDecipheriv('aes-256-gcm', key, whole.subarray(0, 12))
  decipher.setAAD(Buffer.from(`${PERSON}.${column}:${row}`))
  decipher.setAuthTag(whole.subarray(whole.length - 16))
  return decipher.update(whole.subarray(12, whole.length - 16), undefined, 'utf8') + decipher.final('utf8')
}

const SESSION = statement(
  'session',
  `SELECT s.channel, s.device, s.access_until, s.refresh_until, s.last_seen_at, p.id, p.phone,
          p.name, p.id_card, p.real_name_checked_at, p.face_checked_at, p.phone_checked_at,
          p.created_at, p.version, p.merged_into, p.former_ids
     FROM session s LEFT JOIN person p ON p.id = s.person_id
    WHERE s.access_hash = $1 AND s.revoked = false LIMIT 1`,
)

/** Who holds the token: a session and its person, whose data is opened. */
export async function requester(authorization) {
  if (authorization === undefined) return { person: null, channel: 'app' }
  const hash = createHash('sha256').update(authorization.slice('Bearer '.length)).digest('hex')
  const person = await SESSION.one(pool, hash)
  if (person === undefined || Number(person.access_until) <= now() * 1000) {
    throw new Error('not signed in')
  }
  return {
    channel: person.channel,
    person: {
      id: person.id,
      phone: opened('phone', person.id, person.phone),
      name: opened('name', person.id, person.name),
      idCard: opened('id_card', person.id, person.id_card),
    },
  }
}

const NOTICE = 'SELECT no, title, agency_code, agency_name, items, expires_at FROM bench_notice'
const NOTICES_OF = statement('notices_of', `${NOTICE} WHERE id_card = $1 ORDER BY no LIMIT 100`)
const NOTICE_BY_NO = statement('notice_by_no', `${NOTICE} WHERE no = $1`)

/** A row with its lines read and added up. */
function noticeOf(row) {
  const items = JSON.parse(row.items)
  const principal = items.reduce((sum, item) => sum + item.fen, 0)
  const expiresAt = row.expires_at === null ? null : Number(row.expires_at)
  return { ...row, items, principal, lateFee: 0, total: principal, expiresAt }
}

/** The open notices of an id card, the nearest deadline first. */
export async function noticesOf(idCard) {
  const notices = (await NOTICES_OF.all(pool, idCard)).map(noticeOf)
  const deadline = (notice) => notice.expiresAt ?? Number.MAX_SAFE_INTEGER
  return notices.sort((a, b) => deadline(a) - deadline(b) || (a.no < b.no ? -1 : 1))
}

export async function noticeByNo(no) {
  const row = await NOTICE_BY_NO.one(pool, no)
  return row && noticeOf(row)
}

const HOLDERS = statement(
  'holders',
  `SELECT n.notice_no, p.person_id, p.status
     FROM payment_notice n JOIN payment p ON p.no = n.payment_no
    WHERE n.notice_no = ANY($1) AND n.holds`,
)

/** The payments that hold these notices, in the same order, in one statement. */
export async function holders(numbers) {
  const rows = await HOLDERS.all(pool, numbers)
  const found = new Map(rows.map((row) => [row.notice_no, row]))
  return numbers.map((no) => found.get(no) ?? null)
}
