/**
 * A citizen of the native app signs in by phone, looks up the notices that are owed, and pays one.
 * What opens the cashier is the platform's SDK; everything else is here.
 */
import { client, key, type Failure, type Host, type Session } from '../core/yiwang';
import * as documents from '../types/documents';

export interface Keeper {
  /** From the keychain, null where nobody is signed in. */
  load(): Session | null;
  /** Into the keychain; null: forget it. */
  save(session: Session | null): void;
}

export type Cashier = NonNullable<documents.StartPaymentMutation['startPayment']['cashier']>;
export type Status = documents.PaymentLineFragment['status'];

/** What a citizen reads where something was refused. */
export class Refused extends Error {}

const accepted = <P extends { userErrors: { message: string }[] }>(payload: P): P => {
  if (payload.userErrors.length > 0) throw new Refused(payload.userErrors[0].message);
  return payload;
};

export function app(host: Host, url: string, keeper: Keeper) {
  const api = client(host, {
    url,
    channel: 'app',
    refresh: documents.RefreshSession,
    session: keeper.load(),
    save: keeper.save,
  });

  return {
    api,

    async sendCode(phone: string) {
      accepted((await api.call(documents.SendPhoneCode, { input: { phone } })).sendPhoneCode);
    },

    async signIn(phone: string, code: string, deviceId: string) {
      const input = { by: { phone: { phone, code } }, device: { id: deviceId } };
      const { session } = accepted((await api.call(documents.SignIn, { input })).signIn);
      api.enter(session);
    },

    async proveName(name: string, idCard: string) {
      accepted((await api.call(documents.VerifyRealName, { input: { name, idCard } })).verifyRealName);
    },

    /** What is owed and can be paid now. */
    async owed() {
      const { viewer } = await api.call(documents.Notices, { payable: true });
      if (!viewer || !viewer.notices) throw new Refused('缴款平台暂时没有应答，请稍后再试');
      return viewer.notices.nodes;
    },

    /** What has to be kept until the payment is over: sent again as it is, it never pays twice. */
    async wish(noticeNos: string[], rail: documents.Rail): Promise<documents.StartPaymentInput> {
      const { quote } = await api.call(documents.Quote, { noticeNos });
      return { noticeNos, rail, expectedTotal: quote.total.fen, quote: quote.token, idempotencyKey: key() };
    },

    /** Opens the cashier with what the server signed, then asks until it is settled. */
    async pay(input: documents.StartPaymentInput, openCashier: (cashier: Cashier) => Promise<void>): Promise<Status> {
      const { startPayment } = await api.call(documents.StartPayment, { input });
      const { payment, cashier } = startPayment;
      if (!payment) return accepted(startPayment) && 'UNKNOWN';
      if (cashier) await openCashier(cashier);
      return this.settled(payment.paymentNo);
    },

    /** Where the payment stands, once that does not change by waiting; at most two minutes. */
    async settled(paymentNo: string): Promise<Status> {
      for (let tries = 0; tries < 40; tries += 1) {
        const { refreshPayment } = await api.call(documents.RefreshPayment, { input: { paymentNo } });
        const { payment } = accepted(refreshPayment);
        if (payment && payment.status !== 'SUBMITTED' && payment.status !== 'UNKNOWN') return payment.status;
        await new Promise<void>((wake) => setTimeout(wake, (payment && payment.retryAfterMs) || 3000));
      }
      return 'UNKNOWN';
    },
  };
}

/** For a dialog: what happened, and what to tell the hotline. */
export const words = (error: Error | Failure): string => {
  if (error instanceof Refused) return error.message;
  const { words: shown, traceId } = error as Failure;
  return (shown || '系统开小差了，请稍后再试') + (traceId ? `（编号 ${traceId}）` : '');
};
