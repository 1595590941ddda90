// Starting a payment: the same rows in the same tables in the same order as the product, then the
// same signed call to the same rail.
import { createPrivateKey, createPublicKey, createSign, createVerify, randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { now, settings } from './settings.mjs'
import { noticeByNo, pool, statement } from './store.mjs'

const PAYMENT_COLUMNS = `no, person_id, channel, rail, payer, amount, idempotency_key, created_at,
  expires_at, status, txn, paid_amount, paid_at, refund_origin, unsettled, next_check_at, version,
  cashier, quoted_at`
const NOTICE_COLUMNS = `payment_no, notice_no, position, title, agency_code, agency_name, items,
  principal, late_fee, expires_at, holds, written_off_at`

const BY_KEY = statement(
  'payment_by_key',
  `SELECT ${PAYMENT_COLUMNS} FROM payment WHERE person_id = $1 AND idempotency_key = $2 LIMIT 1`,
)
const BY_NO = statement('payment_by_no', `SELECT ${PAYMENT_COLUMNS} FROM payment WHERE no = $1`)
const NOTICES_OF_PAYMENT = statement(
  'notices_of_payment',
  `SELECT ${NOTICE_COLUMNS} FROM payment_notice WHERE payment_no = $1 ORDER BY position`,
)
const LINKS = statement(
  'links',
  `SELECT channel, app_id, open_id, union_id, person_id, linked_at
     FROM channel_link WHERE person_id = $1 ORDER BY linked_at LIMIT 16`,
)
const INSERT_PAYMENT = statement(
  'insert_payment',
  `INSERT INTO payment (${PAYMENT_COLUMNS})
   VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19)`,
)
const INSERT_NOTICE = statement(
  'insert_notice',
  `INSERT INTO payment_notice (${NOTICE_COLUMNS}) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)`,
)
const INSERT_EVENT = statement(
  'insert_event',
  `INSERT INTO payment_event (payment_no, version, at, status, reason, evidence)
   VALUES ($1,$2,$3,$4,$5,$6)`,
)

const MINUTE_MS = 60_000
const refused = (code, message, field) => ({
  payment: null,
  cashier: null,
  userErrors: [{ code, message, field }],
})

/** The mutation. */
export async function startPayment({ person, channel }, input) {
  const [noticeNo] = input.noticeNos
  const earlier = await BY_KEY.one(pool, person.id, input.idempotencyKey)
  if (earlier !== undefined) return started(await loaded(earlier.no), null)
  const links = await LINKS.all(pool, person.id)
  const payer = links.find((link) => link.channel === channel && link.app_id === settings.appId)
  if (payer === undefined) return refused('RAIL_UNAVAILABLE', '当前渠道不能使用这种支付方式', ['rail'])
  const notice = await noticeByNo(noticeNo)
  if (notice === undefined) return refused('NOT_FOUND', '没有找到这张缴款单', ['noticeNos', '0'])
  if (notice.total !== input.expectedTotal) return refused('AMOUNT_CHANGED', '应缴总额已变', ['expectedTotal'])
  const payment = paymentOf(person, channel, payer, notice, input)
  await stored(payment, notice)
  const cashier = settings.rail === null ? withoutRail() : await asked(payment, notice)
  return started(await loaded(payment.no), cashier)
}

function paymentOf(person, channel, payer, notice, input) {
  const at = now()
  return {
    no: `YW${randomBytes(13).toString('hex').toUpperCase()}`,
    person: person.id,
    channel,
    payer: payer.open_id,
    amount: notice.total,
    key: input.idempotencyKey,
    at,
    expires: at + 15 * MINUTE_MS,
  }
}

/** One transaction: the payment, the notice that it holds, the first line of its history. */
async function stored(payment, notice) {
  const { no, at } = payment
  const items = JSON.stringify(notice.items.map((item) => ({ ...item, to: settings.allotment })))
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await INSERT_PAYMENT.all(
      client, no, payment.person, payment.channel, 'WECHAT_PAY', payment.payer, payment.amount,
      payment.key, at * 1000, payment.expires * 1000, 'SUBMITTED', null, null, null, null, true,
      (at + 5_000) * 1000, 0, 'WECHAT_MINI', at * 1000,
    )
    await INSERT_NOTICE.all(
      client, no, notice.no, 0, notice.title, notice.agency_code, notice.agency_name, items,
      notice.principal, notice.lateFee, notice.expires_at, true, null,
    )
    await INSERT_EVENT.all(client, no, 0, at * 1000, 'SUBMITTED', 'STARTED', null)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

async function loaded(no) {
  const payment = await BY_NO.one(pool, no)
  payment.notices = await NOTICES_OF_PAYMENT.all(pool, no)
  return payment
}

const started = (payment, cashier) => ({ payment, cashier, userErrors: [] })

const withoutRail = () => ({
  __typename: 'WeChatMiniCashier',
  timeStamp: String(Math.floor(now() / 1000)),
  nonceStr: randomBytes(16).toString('hex'),
  package: 'prepay_id=wx00000000000000000000000000000000',
  signType: 'RSA',
  paySign: '',
})

const agent = new Agent({ keepAlive: true, maxSockets: settings.connections })
const { rail } = settings
const ourKey = rail && createPrivateKey(rail.keyPem)
const theirKey = rail && createPublicKey(rail.platformPem)
const signed = (text) => createSign('RSA-SHA256').update(text).sign(ourKey, 'base64')
const PREPAY = '/v3/pay/transactions/jsapi'

/** The rail's time: `2026-03-02T10:15:00+08:00`. */
const beijing = (ms) => new Date(ms + 8 * 60 * MINUTE_MS).toISOString().replace(/\.\d+Z$/, '+08:00')

/** Asks the rail for the order; its answer is believed with its signature only. */
async function asked(payment, notice) {
  const body = JSON.stringify({
    appid: settings.appId,
    mchid: rail.merchantNo,
    description: notice.title,
    out_trade_no: payment.no,
    time_expire: beijing(payment.expires),
    notify_url: rail.notifyUrl,
    amount: { total: payment.amount, currency: 'CNY' },
    payer: { openid: payment.payer },
  })
  const [time, nonce] = [String(Math.floor(now() / 1000)), randomBytes(16).toString('hex')]
  const path = new URL(rail.url).pathname.replace(/\/$/, '') + PREPAY
  const signature = signed(`POST\n${path}\n${time}\n${nonce}\n${body}\n`)
  const answer = await posted(path, body, {
    authorization:
      `WECHATPAY2-SHA256-RSA2048 mchid="${rail.merchantNo}",nonce_str="${nonce}",` +
      `timestamp="${time}",serial_no="${rail.serial}",signature="${signature}"`,
  })
  const { headers } = answer
  const proved = `${headers['wechatpay-timestamp']}\n${headers['wechatpay-nonce']}\n${answer.body}\n`
  const verify = createVerify('RSA-SHA256').update(proved)
  if (answer.status !== 200 || !verify.verify(theirKey, headers['wechatpay-signature'], 'base64')) {
    throw new Error(`the rail refused: ${answer.status} ${answer.body}`)
  }
  return cashierOf(JSON.parse(answer.body).prepay_id)
}

function cashierOf(prepayId) {
  const [timeStamp, nonceStr] = [String(Math.floor(now() / 1000)), randomBytes(16).toString('hex')]
  const opens = `prepay_id=${prepayId}`
  const paySign = signed(`${settings.appId}\n${timeStamp}\n${nonceStr}\n${opens}\n`)
  return { __typename: 'WeChatMiniCashier', timeStamp, nonceStr, package: opens, signType: 'RSA', paySign }
}

function posted(path, body, headers) {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(rail.url)
    const all = {
      ...headers,
      accept: 'application/json',
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    const sent = request({ agent, hostname, port, path, method: 'POST', headers: all }, (answer) => {
      const parts = []
      answer.on('data', (part) => parts.push(part))
      answer.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8')
        resolve({ status: answer.statusCode, headers: answer.headers, body: text })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
