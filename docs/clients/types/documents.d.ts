// Made by tests/vendor/clients/build.mjs; what it was made from is the place to change.
import type { Doc } from '../core/yiwang';

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** What the Alipay mini-program sends. */
export type AlipaySignIn = {
  /** From `my.getAuthCode`. */
  authCode: string;
  /** The whole answer of `my.getPhoneNumber`; lifts the person to level PHONE. */
  encryptedPhone?: string | null | undefined;
};

/** One answer. */
export type AnswerInput = {
  /** The field's name. */
  name: string;
  /** The answer, in the one shape that fits the field. */
  value: AnswerValue;
};

/**
 * ENUM answers with choice, FILE with fileId, INT with number, AMOUNT with fen, BOOL with flag,
 * DATE with date, all others with text.
 */
export type AnswerValue =
  {   /** For every type without a shape of its own. */
  text: string; number?: never; fen?: never; date?: never; flag?: never; choice?: never; fileId?: never; }
  |  { text?: never;   /** INT. */
  number: number; fen?: never; date?: never; flag?: never; choice?: never; fileId?: never; }
  |  { text?: never; number?: never;   /** AMOUNT. */
  fen: number; date?: never; flag?: never; choice?: never; fileId?: never; }
  |  { text?: never; number?: never; fen?: never;   /** DATE. */
  date: string; flag?: never; choice?: never; fileId?: never; }
  |  { text?: never; number?: never; fen?: never; date?: never;   /** BOOL. */
  flag: boolean; choice?: never; fileId?: never; }
  |  { text?: never; number?: never; fen?: never; date?: never; flag?: never;   /** ENUM: the option's value. */
  choice: string; fileId?: never; }
  |  { text?: never; number?: never; fen?: never; date?: never; flag?: never; choice?: never;   /** FILE. */
  fileId: string | number; };

/** What an app does for the citizen. */
export type AppKind =
  /** Looks something up. */
  | 'QUERY'
  /** Books a time. */
  | 'BOOK'
  /** Opens a case. */
  | 'APPLY'
  /** Pays. */
  | 'PAY'
  /** Issues a certificate. */
  | 'CERTIFICATE';

/** Whether an app can be used here and now. */
export type AppStatus =
  /** It can. */
  | 'OPEN'
  /** Nothing runs behind it at present. */
  | 'MAINTENANCE'
  /** Outside its hours; the reason says them. */
  | 'CLOSED_TODAY'
  /** It serves other regions. */
  | 'NOT_IN_REGION'
  /** It is reached by other channels. */
  | 'NOT_IN_CHANNEL';

/** Where a booking stands. */
export type BookingStatus =
  /** The place is kept until `holdUntil`: confirmBooking. */
  | 'HELD'
  /** The citizen will come. */
  | 'CONFIRMED'
  /** The citizen came, as the department says. */
  | 'VISITED'
  /** The citizen stayed away, as the department says. */
  | 'NO_SHOW'
  /** Given back before the time. */
  | 'CANCELLED'
  /** Nobody confirmed in time. */
  | 'EXPIRED';

/** Which booking. */
export type CancelBookingInput = {
  /** Ours. */
  bookingNo: string;
  /** Made by the client; a repeat does nothing again, also without one. */
  idempotencyKey?: string | number | null | undefined;
};

/** Which payment to give up. */
export type CancelPaymentInput = {
  /** An own one that nobody has paid. */
  paymentNo: string;
};

/** Where a case stands. */
export type CaseStatus =
  /** Stored here; the department has not confirmed it yet. It is sent again until it does. */
  | 'SUBMITTED'
  /** The department has it. */
  | 'ACCEPTED'
  /** Somebody there is at it. */
  | 'IN_REVIEW'
  /** The department waits for the citizen: see `wanted`, and call `supplementCase`. */
  | 'NEEDS_MATERIALS'
  /** Decided: yes. What was applied for is being made. */
  | 'APPROVED'
  /** Decided: no. */
  | 'REJECTED'
  /** Taken back by the citizen; the department has not confirmed that yet. */
  | 'WITHDRAWING'
  /** Taken back. */
  | 'WITHDRAWN'
  /** Done. */
  | 'DONE';

/** How a certificate stands. */
export type CertificateStatus =
  /** It can be relied on. */
  | 'VALID'
  /** Its time is over. */
  | 'EXPIRED'
  /** Its holder took it back. */
  | 'REVOKED'
  /**
   * Only of a verification: no certificate has this number and this code, or too many wrong
   * codes were tried for it within the hour.
   */
  | 'UNKNOWN';

/** Which booking. */
export type ConfirmBookingInput = {
  /** Ours. */
  bookingNo: string;
  /** Made by the client; a repeat does nothing again, also without one. */
  idempotencyKey?: string | number | null | undefined;
};

/** The client's device. */
export type DeviceInput = {
  /** The client's own id of it, at most 64 characters. */
  id: string;
  /** For people, at most 64 characters. */
  name?: string | null | undefined;
};

/** What an answer to a field looks like. */
export type FieldType =
  /** A citizen's number; answered with text. */
  | 'ID_CARD'
  /** A plate; answered with text. */
  | 'PLATE_NO'
  /** A unified social credit code; answered with text. */
  | 'USCC'
  /** A mobile number; answered with text. */
  | 'PHONE'
  /** A day; answered with date. */
  | 'DATE'
  /** A month, `2026-03`; answered with text. */
  | 'MONTH'
  /** One of the options; answered with choice. */
  | 'ENUM'
  /** Free text. */
  | 'TEXT'
  /** A whole number; answered with number. */
  | 'INT'
  /** Money; answered with fen. */
  | 'AMOUNT'
  /** A region code; answered with text. */
  | 'REGION'
  /** A postal address; answered with text. */
  | 'ADDRESS'
  /** Yes or no; answered with flag. */
  | 'BOOL'
  /** An uploaded file; answered with fileId. */
  | 'FILE'
  /** Number of a notice; answered with text. */
  | 'NOTICE_NO'
  /** Code of a receipt; answered with text. */
  | 'RECEIPT_CODE'
  /** Number of a receipt; answered with text. */
  | 'RECEIPT_NO'
  /** Check code of a receipt; answered with text. */
  | 'CHECK_CODE';

/** What the citizen has proved: nothing, a phone, a name, a face. */
export type IdentityLevel =
  /** Nothing. */
  | 'ANONYMOUS'
  /** A phone. */
  | 'PHONE'
  /** A name. */
  | 'REAL_NAME'
  /** A face. */
  | 'FACE';

/** Which messages were read. */
export type MarkMessagesReadInput = {
  /** Of `viewer.messages`; 1 to 100. */
  messages: Array<string | number>;
};

/** What a citizen chooses channels for. */
export type MessageGroup =
  /** Payments, refunds and receipts. */
  | 'MONEY'
  /** Cases and what is sent by post. */
  | 'CASES'
  /** Bookings. */
  | 'BOOKINGS'
  /** Certificates. */
  | 'CERTIFICATES';

/** Where a notice stands for who asks. */
export type NoticeStatus =
  /** Can be paid now. */
  | 'PAYABLE'
  /** An attempt is under way. */
  | 'IN_PAYMENT'
  /** Money of another amount arrived: it is held until two persons agree that it goes back. */
  | 'UNDER_REVIEW'
  /** Paid. */
  | 'PAID'
  /** Paid, and given back. */
  | 'REFUNDED'
  /** Taken back by the agency. */
  | 'WITHDRAWN'
  /** Past its deadline. */
  | 'EXPIRED';

/** Where a payment stands. */
export type PaymentStatus =
  /** Stored and sent, or the rail has the order and waits for the citizen. */
  | 'SUBMITTED'
  /** We asked and have no usable answer: do not pay again. */
  | 'UNKNOWN'
  /**
   * Money arrived but not the amount that was asked: held until two persons agree that all of
   * it goes back. The notice can be paid again then.
   */
  | 'UNDER_REVIEW'
  /** Paid. */
  | 'PAID'
  /** The rail confirmed that nothing was and nothing can be paid. */
  | 'CLOSED'
  /** Money that must go back. */
  | 'REFUND_DUE'
  /** A refund is on its way. */
  | 'REFUNDING'
  /** Some of it is back. */
  | 'PARTIALLY_REFUNDED'
  /** All of it is back. */
  | 'REFUNDED';

/** What the native app sends. */
export type PhoneSignIn = {
  /** The phone that `sendPhoneCode` was asked for. */
  phone: string;
  /** The six digits that came by text message. */
  code: string;
  /**
   * Whose account it is: asked for with STEP_UP_REQUIRED where the account has proved a name,
   * because numbers are handed on.
   */
  realName?: RealNameInput | null | undefined;
};

/**
 * Who takes the money. A rail that the session's channel cannot open is refused with
 * RAIL_UNAVAILABLE.
 */
export type Rail =
  /** WeChat Pay. */
  | 'WECHAT_PAY'
  /** Alipay. */
  | 'ALIPAY'
  /** UnionPay. */
  | 'UNIONPAY';

/** Name and id card as the account has proved them. */
export type RealNameInput = {
  /** As on the id card. */
  name: string;
  /** GB 11643, 18 characters. */
  idCard: string;
};

/** Which payment to look at. */
export type RefreshPaymentInput = {
  /** An own one. */
  paymentNo: string;
};

/** The refresh token. */
export type RefreshSessionInput = {
  /** Used up by this call; shown from another channel than its session's it is refused. */
  refreshToken: string;
};

/** Whose phone. */
export type SendPhoneCodeInput = {
  /** Eleven digits. */
  phone: string;
  /** The device that asks, as for `signIn`; codes are counted for phone, device and address. */
  device?: DeviceInput | null | undefined;
};

/** Which app, and whether. */
export type SetFavouriteInput = {
  /** The app's slug. */
  app: string;
  /** Whether it is to be one. */
  favourite?: boolean;
};

/** Exactly one: a WeChat wx.login code, an Alipay auth code, or a phone and its one-time code. */
export type SignInBy =
  {   /** From the WeChat mini-program. */
  weChat: WeChatSignIn; alipay?: never; phone?: never; }
  |  { weChat?: never;   /** From the Alipay mini-program. */
  alipay: AlipaySignIn; phone?: never; }
  |  { weChat?: never; alipay?: never;   /** From the native app. */
  phone: PhoneSignIn; };

/** How to sign in, and from which device. */
export type SignInInput = {
  /** How. */
  by: SignInBy;
  /** Shown in the list of devices. */
  device?: DeviceInput | null | undefined;
};

/** How far to sign out. */
export type SignOutInput = {
  /** All devices, not this one only. */
  everywhere?: boolean;
};

/** What to pay, by which rail, and what the client showed the citizen. */
export type StartPaymentInput = {
  /** 1 to 20, no two the same. */
  noticeNos: Array<string>;
  /** By which rail. */
  rail: Rail;
  /** What the client showed; the server checks it. */
  expectedTotal: number;
  /** A token of `quote`. Without one the server makes one at that moment. */
  quote?: string | null | undefined;
  /** Made by the client before it sends; the same key never pays twice. */
  idempotencyKey: string | number;
};

/** The key may be left out for a QUERY app, which is then not stored. */
export type SubmitAppInput = {
  /** The app's slug. */
  app: string;
  /** Where; the whole province when left out. */
  region?: string | null | undefined;
  /** The version of the form that was filled in. */
  formVersion: number;
  /** At most one per field. */
  answers: Array<AnswerInput>;
  /** Made by the client before it sends. */
  idempotencyKey?: string | number | null | undefined;
};

/** How large a client writes. */
export type TextClass =
  /** As usual. */
  | 'NORMAL'
  /** For the elderly: as large as the screen bears. */
  | 'EXTRA_LARGE';

/** Codes of `userErrors`; the words are the contract's. */
export type UserErrorCode =
  /** Malformed; the message says how it should be. */
  | 'INVALID'
  /** Missing. */
  | 'REQUIRED'
  /** No such thing. */
  | 'NOT_FOUND'
  /** Somebody else changed it. */
  | 'CONFLICT'
  /** The app asks for more than was proved. */
  | 'IDENTITY_LEVEL_TOO_LOW'
  /** Prove it again. */
  | 'STEP_UP_REQUIRED'
  /** The one-time code is wrong or used. */
  | 'CODE_INVALID'
  /** The one-time code is too old. */
  | 'CODE_EXPIRED'
  /** Another account has it. */
  | 'LINKED_TO_ANOTHER_PERSON'
  /** Nothing is owed any more. */
  | 'ALREADY_PAID'
  /** The total is another one: show it and ask again. */
  | 'AMOUNT_CHANGED'
  /** The quote is too old. */
  | 'QUOTE_EXPIRED'
  /** More than the rail takes. */
  | 'AMOUNT_OVER_RAIL_LIMIT'
  /** Withdrawn or past its deadline. */
  | 'NOTICE_NOT_PAYABLE'
  /** An attempt is under way. */
  | 'PAYMENT_IN_PROGRESS'
  /** Nobody knows yet: do not pay again. */
  | 'OUTCOME_UNKNOWN'
  /** The rail cannot be used here or now. */
  | 'RAIL_UNAVAILABLE'
  /** The department did not answer. */
  | 'DEPARTMENT_UNAVAILABLE'
  /** Cannot be given back. */
  | 'NOT_REFUNDABLE'
  /** More than was paid. */
  | 'REFUND_EXCEEDS_PAYMENT'
  /** Somebody else has it. */
  | 'SLOT_TAKEN'
  /** Closed here or now. */
  | 'APP_NOT_OPEN'
  /** The form has changed. */
  | 'FORM_VERSION_RETIRED'
  /** Once only. */
  | 'ALREADY_RATED'
  /** The key was used with other input. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** A quota of the business. */
  | 'RATE_LIMITED';

/** What is on the id card. */
export type VerifyRealNameInput = {
  /** As on the id card. */
  name: string;
  /** GB 11643, 18 characters. */
  idCard: string;
};

/** What the WeChat mini-program sends. */
export type WeChatSignIn = {
  /** From `wx.login`. */
  code: string;
  /** From the button `getPhoneNumber`; lifts the person to level PHONE. */
  phoneCode?: string | null | undefined;
};

/** Which case to take back. */
export type WithdrawCaseInput = {
  /** An own one that is not decided. */
  caseNo: string;
};

/** Whether the agencies that are owed have marked their notices as settled (销账). */
export type WriteOffStatus =
  /** There is no money that counts. */
  | 'NOT_DUE'
  /** None is yet. */
  | 'PENDING'
  /** Some are. */
  | 'PARTIAL'
  /** All are. */
  | 'DONE';

export type AppQueryVariables = Exact<{
  slug: string;
  region: string;
}>;


export type AppQuery = { app: { department: string, link: string, slug: string, name: string, summary: string, kind: AppKind, identityLevel: IdentityLevel, form: { version: number, fee: { fen: number, display: string } | null, fields: Array<{ name: string, label: string, type: FieldType, required: boolean, help: string | null, dependsOn: Array<string>, asksOptions: boolean, options: Array<{ value: string, label: string }> | null }> }, availability: { status: AppStatus, reason: string | null, until: string | null } } | null };

export type BookingsQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
}>;


export type BookingsQuery = { viewer: { bookings: { nodes: Array<{ id: string, bookingNo: string, title: string, department: string, slot: string, startsAt: string, places: number, holdUntil: string | null, cancelUntil: string | null, bookingStatus: BookingStatus }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null };

export type CancelBookingMutationVariables = Exact<{
  input: CancelBookingInput;
}>;


export type CancelBookingMutation = { cancelBooking: { booking: { id: string, bookingNo: string, title: string, department: string, slot: string, startsAt: string, places: number, holdUntil: string | null, cancelUntil: string | null, bookingStatus: BookingStatus } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type CancelPaymentMutationVariables = Exact<{
  input: CancelPaymentInput;
}>;


export type CancelPaymentMutation = { cancelPayment: { payment: { id: string, paymentNo: string, status: PaymentStatus, rail: Rail, writeOff: WriteOffStatus, createdAt: string, paidAt: string | null, retryAfterMs: number | null, amount: { fen: number, display: string } } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type CaseQueryVariables = Exact<{
  id: string | number;
}>;


export type CaseQuery = { node:
    | { id: string, caseNo: string, title: string, department: string, status: CaseStatus, statusText: string, holder: string, promisedOn: string, submittedAt: string, canWithdraw: boolean, timeline: Array<{ at: string, status: CaseStatus, holder: string, text: string }>, wanted: Array<{ name: string, label: string }>, result: Array<{ name: string, label: string, value: string }> }
    | Record<PropertyKey, never>
   | null };

export type CaseChangedSubscriptionVariables = Exact<{
  caseNo: string;
}>;


export type CaseChangedSubscription = { caseChanged: { id: string, caseNo: string, title: string, department: string, status: CaseStatus, statusText: string, holder: string, promisedOn: string, submittedAt: string, canWithdraw: boolean } };

export type CasesQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
}>;


export type CasesQuery = { viewer: { cases: { nodes: Array<{ id: string, caseNo: string, title: string, department: string, status: CaseStatus, statusText: string, holder: string, promisedOn: string, submittedAt: string, canWithdraw: boolean }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null };

export type ConfirmBookingMutationVariables = Exact<{
  input: ConfirmBookingInput;
}>;


export type ConfirmBookingMutation = { confirmBooking: { booking: { id: string, bookingNo: string, title: string, department: string, slot: string, startsAt: string, places: number, holdUntil: string | null, cancelUntil: string | null, bookingStatus: BookingStatus } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type FavouritesQueryVariables = Exact<{
  region: string;
}>;


export type FavouritesQuery = { viewer: { favourites: Array<{ slug: string, name: string, summary: string, kind: AppKind, identityLevel: IdentityLevel, availability: { status: AppStatus, reason: string | null, until: string | null } }>, recentApps: Array<{ slug: string, name: string, summary: string, kind: AppKind, identityLevel: IdentityLevel, availability: { status: AppStatus, reason: string | null, until: string | null } }> } | null };

export type FieldOptionsQueryVariables = Exact<{
  app: string;
  field: string;
  answers: Array<AnswerInput> | AnswerInput;
}>;


export type FieldOptionsQuery = { fieldOptions: { options: Array<{ value: string, label: string, remaining: number | null }>, unavailable: { reason: string, retryAfterMs: number | null } | null } };

export type HeartbeatSubscriptionVariables = Exact<{
  from?: number;
}>;


export type HeartbeatSubscription = { heartbeat: number };

export type HomeQueryVariables = Exact<{
  region: string;
  elder?: boolean;
}>;


export type HomeQuery = { home: { textClass: TextClass, hot: Array<{ slug: string, name: string, summary: string, kind: AppKind, identityLevel: IdentityLevel, availability: { status: AppStatus, reason: string | null, until: string | null } }>, categories: Array<{ slug: string, name: string, apps: Array<{ slug: string, name: string, summary: string, kind: AppKind, identityLevel: IdentityLevel, availability: { status: AppStatus, reason: string | null, until: string | null } }> }>, elder: { tiles: Array<{ voiceLabel: string, textClass: TextClass, app: { slug: string, name: string, summary: string, kind: AppKind, identityLevel: IdentityLevel, availability: { status: AppStatus, reason: string | null, until: string | null } } }> } | null } };

export type MarkMessagesReadMutationVariables = Exact<{
  input: MarkMessagesReadInput;
}>;


export type MarkMessagesReadMutation = { markMessagesRead: { unread: number | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { viewer: { unreadMessages: number, person: { id: string, name: string | null, phone: string | null, identityLevel: IdentityLevel } } | null };

export type MessagesQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
}>;


export type MessagesQuery = { viewer: { unreadMessages: number, messages: { nodes: Array<{ id: string, group: MessageGroup, title: string, body: string, at: string, read: boolean, about: string | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null };

export type MyHomeQueryVariables = Exact<{
  region: string;
}>;


export type MyHomeQuery = { home: { favourites: { apps: Array<{ slug: string, name: string, summary: string, kind: AppKind, identityLevel: IdentityLevel, availability: { status: AppStatus, reason: string | null, until: string | null } }> | null, unavailable: { reason: string } | null } | null, recent: { apps: Array<{ slug: string, name: string, summary: string, kind: AppKind, identityLevel: IdentityLevel, availability: { status: AppStatus, reason: string | null, until: string | null } }> | null, unavailable: { reason: string } | null } | null, notices: { more: boolean, nodes: Array<{ id: string, noticeNo: string, title: string, agency: string, status: NoticeStatus, writeOff: WriteOffStatus, due: string | null, lateFee: { fen: number, display: string }, total: { fen: number, display: string } }> | null, unavailable: { reason: string } | null } | null, cases: { nodes: Array<{ id: string, caseNo: string, title: string, department: string, status: CaseStatus, statusText: string, holder: string, promisedOn: string, submittedAt: string, canWithdraw: boolean }> | null, unavailable: { reason: string } | null } | null } };

export type NoticesQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
  payable?: boolean | null | undefined;
}>;


export type NoticesQuery = { viewer: { notices: { nodes: Array<{ id: string, noticeNo: string, title: string, agency: string, status: NoticeStatus, writeOff: WriteOffStatus, due: string | null, lateFee: { fen: number, display: string }, total: { fen: number, display: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null };

export type PaymentQueryVariables = Exact<{
  id: string | number;
}>;


export type PaymentQuery = { node:
    | { id: string, paymentNo: string, status: PaymentStatus, rail: Rail, writeOff: WriteOffStatus, createdAt: string, paidAt: string | null, retryAfterMs: number | null, notices: Array<{ id: string, noticeNo: string, title: string, agency: string, status: NoticeStatus, writeOff: WriteOffStatus, due: string | null, lateFee: { fen: number, display: string }, total: { fen: number, display: string } }>, history: Array<{ at: string, status: PaymentStatus, reason: string }>, receipts: Array<{ code: string, number: string, pdfUrl: string | null }>, amount: { fen: number, display: string } }
    | Record<PropertyKey, never>
   | null };

export type PaymentChangedSubscriptionVariables = Exact<{
  paymentNo: string;
}>;


export type PaymentChangedSubscription = { paymentChanged: { id: string, paymentNo: string, status: PaymentStatus, rail: Rail, writeOff: WriteOffStatus, createdAt: string, paidAt: string | null, retryAfterMs: number | null, amount: { fen: number, display: string } } };

export type PaymentsQueryVariables = Exact<{
  first?: number;
  after?: string | null | undefined;
}>;


export type PaymentsQuery = { viewer: { payments: { nodes: Array<{ id: string, paymentNo: string, status: PaymentStatus, rail: Rail, writeOff: WriteOffStatus, createdAt: string, paidAt: string | null, retryAfterMs: number | null, amount: { fen: number, display: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null };

export type QuoteQueryVariables = Exact<{
  noticeNos: Array<string> | string;
}>;


export type QuoteQuery = { quote: { token: string, expiresAt: string, total: { fen: number, display: string }, items: Array<{ code: string, name: string, amount: { fen: number, display: string } }> } };

export type RailsQueryVariables = Exact<{ [key: string]: never; }>;


export type RailsQuery = { rails: Array<{ rail: Rail, name: string, available: boolean, reason: string | null, retryAt: string | null }> };

export type RefreshPaymentMutationVariables = Exact<{
  input: RefreshPaymentInput;
}>;


export type RefreshPaymentMutation = { refreshPayment: { payment: { id: string, paymentNo: string, status: PaymentStatus, rail: Rail, writeOff: WriteOffStatus, createdAt: string, paidAt: string | null, retryAfterMs: number | null, amount: { fen: number, display: string } } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type RefreshSessionMutationVariables = Exact<{
  input: RefreshSessionInput;
}>;


export type RefreshSessionMutation = { refreshSession: { session: { accessToken: string, refreshToken: string, expiresAt: string } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type RegionsQueryVariables = Exact<{
  parent?: string | null | undefined;
}>;


export type RegionsQuery = { regions: Array<{ code: string, name: string }> };

export type ResolveScanQueryVariables = Exact<{
  text: string;
}>;


export type ResolveScanQuery = { resolveScan:
    | { __typename: 'Notice', id: string, noticeNo: string, title: string, agency: string, status: NoticeStatus, writeOff: WriteOffStatus, due: string | null, lateFee: { fen: number, display: string }, total: { fen: number, display: string } }
    | { __typename: 'VerifiedReceipt', code: string, number: string }
    | { __typename: 'CertificateVerification', certificateStatus: CertificateStatus }
    | { __typename: 'App', slug: string, name: string }
    | { __typename: 'PayRequest', url: string, total: { fen: number, display: string } }
    | { __typename: 'LotteryDraw' }
    | { __typename: 'Booking' }
    | { __typename: 'Case' }
    | { __typename: 'Payment' }
    | { __typename: 'Refund' }
    | { __typename: 'Delivery' }
    | { __typename: 'Certificate' }
   | null };

export type SearchQueryVariables = Exact<{
  text: string;
  region: string;
  first?: number;
}>;


export type SearchQuery = { searchApps: Array<{ matched: string, app: { slug: string, name: string, summary: string, kind: AppKind, identityLevel: IdentityLevel, availability: { status: AppStatus, reason: string | null, until: string | null } } }> };

export type SendPhoneCodeMutationVariables = Exact<{
  input: SendPhoneCodeInput;
}>;


export type SendPhoneCodeMutation = { sendPhoneCode: { nextAt: string | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type SetFavouriteMutationVariables = Exact<{
  input: SetFavouriteInput;
  region: string;
}>;


export type SetFavouriteMutation = { setFavourite: { favourites: Array<{ slug: string, name: string, summary: string, kind: AppKind, identityLevel: IdentityLevel, availability: { status: AppStatus, reason: string | null, until: string | null } }> | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type SignInMutationVariables = Exact<{
  input: SignInInput;
}>;


export type SignInMutation = { signIn: { session: { accessToken: string, refreshToken: string, expiresAt: string } | null, viewer: { person: { id: string, name: string | null, phone: string | null, identityLevel: IdentityLevel } } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type SignOutMutationVariables = Exact<{
  input: SignOutInput;
}>;


export type SignOutMutation = { signOut: { userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type StartPaymentMutationVariables = Exact<{
  input: StartPaymentInput;
}>;


export type StartPaymentMutation = { startPayment: { payment: { id: string, paymentNo: string, status: PaymentStatus, rail: Rail, writeOff: WriteOffStatus, createdAt: string, paidAt: string | null, retryAfterMs: number | null, amount: { fen: number, display: string } } | null, cashier:
      | { __typename: 'WeChatMiniCashier', timeStamp: string, nonceStr: string, package: string, signType: string, paySign: string }
      | { __typename: 'WeChatAppCashier', appId: string, partnerId: string, prepayId: string, package: string, nonceStr: string, timeStamp: string, sign: string }
      | { __typename: 'WeChatNativeCashier', codeUrl: string }
      | { __typename: 'AlipayMiniCashier', tradeNo: string }
      | { __typename: 'AlipayAppCashier', orderString: string }
      | { __typename: 'UnionPayCashier', tn: string }
     | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type SubmitAppMutationVariables = Exact<{
  input: SubmitAppInput;
}>;


export type SubmitAppMutation = { submitApp: { outcome:
      | { __typename: 'LookupResult', source: string, asOf: string, stale: boolean, staleReason: string | null, rows: Array<{ fields: Array<{ name: string, label: string, value: string }>, notice: { id: string, noticeNo: string, title: string, agency: string, status: NoticeStatus, writeOff: WriteOffStatus, due: string | null, lateFee: { fen: number, display: string }, total: { fen: number, display: string } } | null }> }
      | { __typename: 'Booking', id: string, bookingNo: string, title: string, department: string, slot: string, startsAt: string, places: number, holdUntil: string | null, cancelUntil: string | null, bookingStatus: BookingStatus }
      | { __typename: 'Case', id: string, caseNo: string, title: string, department: string, status: CaseStatus, statusText: string, holder: string, promisedOn: string, submittedAt: string, canWithdraw: boolean }
      | { __typename: 'PaymentDue', source: string, nothingDue: string | null, notices: Array<{ id: string, noticeNo: string, title: string, agency: string, status: NoticeStatus, writeOff: WriteOffStatus, due: string | null, lateFee: { fen: number, display: string }, total: { fen: number, display: string } }> }
      | { __typename: 'Certificate', serialNo: string, title: string, validTo: string, pdfUrl: string | null }
     | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type VerifyRealNameMutationVariables = Exact<{
  input: VerifyRealNameInput;
}>;


export type VerifyRealNameMutation = { verifyRealName: { person: { id: string, name: string | null, phone: string | null, identityLevel: IdentityLevel } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type WithdrawCaseMutationVariables = Exact<{
  input: WithdrawCaseInput;
}>;


export type WithdrawCaseMutation = { withdrawCase: { case: { id: string, caseNo: string, title: string, department: string, status: CaseStatus, statusText: string, holder: string, promisedOn: string, submittedAt: string, canWithdraw: boolean } | null, userErrors: Array<{ code: UserErrorCode, message: string, field: Array<string> | null }> } };

export type AppTileFragment = { slug: string, name: string, summary: string, kind: AppKind, identityLevel: IdentityLevel, availability: { status: AppStatus, reason: string | null, until: string | null } };

export type BookingLineFragment = { id: string, bookingNo: string, title: string, department: string, slot: string, startsAt: string, places: number, holdUntil: string | null, cancelUntil: string | null, bookingStatus: BookingStatus };

export type CaseLineFragment = { id: string, caseNo: string, title: string, department: string, status: CaseStatus, statusText: string, holder: string, promisedOn: string, submittedAt: string, canWithdraw: boolean };

export type NoticeLineFragment = { id: string, noticeNo: string, title: string, agency: string, status: NoticeStatus, writeOff: WriteOffStatus, due: string | null, lateFee: { fen: number, display: string }, total: { fen: number, display: string } };

export type PaymentLineFragment = { id: string, paymentNo: string, status: PaymentStatus, rail: Rail, writeOff: WriteOffStatus, createdAt: string, paidAt: string | null, retryAfterMs: number | null, amount: { fen: number, display: string } };

export type RefusalFragment = { code: UserErrorCode, message: string, field: Array<string> | null };

export type RowsFragment = { name: string, label: string, value: string };

export type TokensFragment = { accessToken: string, refreshToken: string, expiresAt: string };

export type WhoFragment = { id: string, name: string | null, phone: string | null, identityLevel: IdentityLevel };

export declare const App: Doc<AppQuery, AppQueryVariables>;
export declare const Bookings: Doc<BookingsQuery, BookingsQueryVariables>;
export declare const CancelBooking: Doc<CancelBookingMutation, CancelBookingMutationVariables>;
export declare const CancelPayment: Doc<CancelPaymentMutation, CancelPaymentMutationVariables>;
export declare const Case: Doc<CaseQuery, CaseQueryVariables>;
export declare const CaseChanged: Doc<CaseChangedSubscription, CaseChangedSubscriptionVariables>;
export declare const Cases: Doc<CasesQuery, CasesQueryVariables>;
export declare const ConfirmBooking: Doc<ConfirmBookingMutation, ConfirmBookingMutationVariables>;
export declare const Favourites: Doc<FavouritesQuery, FavouritesQueryVariables>;
export declare const FieldOptions: Doc<FieldOptionsQuery, FieldOptionsQueryVariables>;
export declare const Heartbeat: Doc<HeartbeatSubscription, HeartbeatSubscriptionVariables>;
export declare const Home: Doc<HomeQuery, HomeQueryVariables>;
export declare const MarkMessagesRead: Doc<MarkMessagesReadMutation, MarkMessagesReadMutationVariables>;
export declare const Me: Doc<MeQuery, MeQueryVariables>;
export declare const Messages: Doc<MessagesQuery, MessagesQueryVariables>;
export declare const MyHome: Doc<MyHomeQuery, MyHomeQueryVariables>;
export declare const Notices: Doc<NoticesQuery, NoticesQueryVariables>;
export declare const Payment: Doc<PaymentQuery, PaymentQueryVariables>;
export declare const PaymentChanged: Doc<PaymentChangedSubscription, PaymentChangedSubscriptionVariables>;
export declare const Payments: Doc<PaymentsQuery, PaymentsQueryVariables>;
export declare const Quote: Doc<QuoteQuery, QuoteQueryVariables>;
export declare const Rails: Doc<RailsQuery, RailsQueryVariables>;
export declare const RefreshPayment: Doc<RefreshPaymentMutation, RefreshPaymentMutationVariables>;
export declare const RefreshSession: Doc<RefreshSessionMutation, RefreshSessionMutationVariables>;
export declare const Regions: Doc<RegionsQuery, RegionsQueryVariables>;
export declare const ResolveScan: Doc<ResolveScanQuery, ResolveScanQueryVariables>;
export declare const Search: Doc<SearchQuery, SearchQueryVariables>;
export declare const SendPhoneCode: Doc<SendPhoneCodeMutation, SendPhoneCodeMutationVariables>;
export declare const SetFavourite: Doc<SetFavouriteMutation, SetFavouriteMutationVariables>;
export declare const SignIn: Doc<SignInMutation, SignInMutationVariables>;
export declare const SignOut: Doc<SignOutMutation, SignOutMutationVariables>;
export declare const StartPayment: Doc<StartPaymentMutation, StartPaymentMutationVariables>;
export declare const SubmitApp: Doc<SubmitAppMutation, SubmitAppMutationVariables>;
export declare const VerifyRealName: Doc<VerifyRealNameMutation, VerifyRealNameMutationVariables>;
export declare const WithdrawCase: Doc<WithdrawCaseMutation, WithdrawCaseMutationVariables>;
