// One resolver for each field that the product has one for; plain properties otherwise.
import DataLoader from 'dataloader'
import { allCategories, appsOf, availability, hotApps, search } from './catalogue.mjs'
import { startPayment } from './pay.mjs'
import { now } from './settings.mjs'
import { holders, noticesOf, requester } from './store.mjs'

/** What resolvers share within one request. */
export async function context(authorization) {
  const who = await requester(authorization)
  return { who, holders: new DataLoader(holders, { cache: true }) }
}

const money = (fen) => ({ fen })
const BEIJING_MS = 8 * 3_600_000
const beijingDay = (micros) => new Date(micros / 1000 + BEIJING_MS).toISOString().slice(0, 10)
const HELD = { SUBMITTED: 'IN_PAYMENT', UNKNOWN: 'IN_PAYMENT', UNDER_REVIEW: 'UNDER_REVIEW', PAID: 'PAID' }

async function noticeStatus(notice, _, { holders }) {
  if (notice.paidWith !== undefined) return HELD[notice.paidWith] ?? 'PAYABLE'
  const holder = await holders.load(notice.no)
  if (holder !== null && HELD[holder.status] !== undefined) return HELD[holder.status]
  const expired = notice.expiresAt !== null && notice.expiresAt <= now() * 1000
  return expired ? 'EXPIRED' : 'PAYABLE'
}

async function notices(_, { first, after }, { who }) {
  const all = await noticesOf(who.person.idCard)
  const start = after == null ? 0 : all.findIndex((notice) => notice.no === after) + 1
  const nodes = all.slice(start, start + first)
  const pageInfo = {
    hasNextPage: all.length > start + first,
    endCursor: nodes.length === 0 ? null : nodes[nodes.length - 1].no,
  }
  return { nodes, pageInfo }
}

/** A notice as it stood when its payment was made. */
const snapshot = (row, status) => ({
  no: row.notice_no,
  title: row.title,
  agency_name: row.agency_name,
  items: JSON.parse(row.items),
  principal: Number(row.principal),
  lateFee: Number(row.late_fee),
  total: Number(row.principal) + Number(row.late_fee),
  expiresAt: row.expires_at === null ? null : Number(row.expires_at),
  paidWith: status,
})

export const resolvers = {
  Query: {
    home: (_, { region }) => ({ region }),
    searchApps: (_, { text, region, first }) => search(text, region, first),
    viewer: (_, __, { who }) => (who.person === null ? null : {}),
  },
  Mutation: {
    startPayment: (_, { input }, { who }) => startPayment(who, input),
  },
  Home: {
    categories: (home) => allCategories(home.region),
    hot: (home) => hotApps(home.region),
  },
  Category: {
    apps: appsOf,
  },
  App: {
    availability: (app, { region }, { who }) => availability(app, region ?? app.region, who.channel),
  },
  Viewer: { notices },
  Notice: {
    noticeNo: (notice) => notice.no,
    agency: (notice) => notice.agency_name,
    principal: (notice) => money(notice.principal),
    lateFee: (notice) => money(notice.lateFee),
    total: (notice) => money(notice.total),
    due: (notice) => (notice.expiresAt === null ? null : beijingDay(notice.expiresAt)),
    status: noticeStatus,
  },
  NoticeItem: {
    amount: (item) => money(item.fen),
  },
  Payment: {
    paymentNo: (payment) => payment.no,
    amount: (payment) => money(Number(payment.amount)),
    notices: (payment) => payment.notices.map((row) => snapshot(row, payment.status)),
    retryAfterMs: (payment) => (payment.unsettled ? 2_000 : null),
  },
}
