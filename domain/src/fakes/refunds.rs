//! Refunds at the rail and at the gateway, in memory.

use super::outside::{FakeGateway, FakeRail, Order, faulty};
use super::samples;
use super::store::locked;
use crate::ids::{PaymentNo, RefundNo};
use crate::money::{FinanceLevel, PayableFen};
use crate::notice::{NoticeNo, NoticeStanding};
use crate::outside::OutsideError;
use crate::payment::{
    DeskCase, DeskDecision, DeskNotice, DeskRequest, DeskStage, DeskStanding, NoticeAfter,
    PayeeAccount, Rail, RailRefundState, RailRefunds, RailTxn, ReceiptReversal, RefundDesk,
    RefundOrder, RefundRedirects, RefundReport, Reversal, ReversalRequest,
};
use async_trait::async_trait;
use std::collections::BTreeMap;

fn refused<T>(code: &str) -> Result<T, OutsideError> {
    Err(OutsideError::Refused { code: code.to_owned(), message: String::new() })
}

/// What the rail does with new refunds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum RefundsGo {
    /// Back at once.
    #[default]
    Back,
    /// Nowhere, until a test says so.
    Nowhere,
    /// To an account that is gone.
    Stuck,
    /// They are given up, with this code.
    Failed(String),
    /// They are refused: nothing is done under their number.
    Refused(String),
}

#[derive(Debug, Default)]
pub(super) struct RefundsAtRail {
    go: RefundsGo,
    refunds: BTreeMap<String, (RefundOrder, RailRefundState, Option<PayeeAccount>)>,
}

fn done(no: &RefundNo, order: &RefundOrder) -> RailRefundState {
    let txn = RailTxn::new(&format!("R-{no}")).ok();
    RailRefundState::Done { txn, at: order.made_at }
}

impl FakeRail {
    /// What becomes of refunds that come from now on.
    pub fn refunds_go(&self, go: RefundsGo) {
        locked(&self.refunds).go = go;
    }

    /// The rail makes up its mind about a refund that it has; `false` when it has none.
    pub fn decides_refund(&self, no: &RefundNo, state: RailRefundState) -> bool {
        match locked(&self.refunds).refunds.get_mut(no.as_str()) {
            Some((_, known, _)) => {
                *known = state;
                true
            }
            None => false,
        }
    }

    /// What the rail has given back of an order.
    pub fn given_back(&self, no: &PaymentNo) -> i64 {
        let refunds = locked(&self.refunds);
        let of_order = refunds.refunds.values().filter(|(order, _, _)| &order.payment.no == no);
        let done = of_order.filter(|(_, state, _)| matches!(state, RailRefundState::Done { .. }));
        done.map(|(order, _, _)| order.amount.fen().value()).sum()
    }

    /// The numbers of all refunds that the rail has, in order.
    pub fn refund_nos(&self) -> Vec<RefundNo> {
        let refunds = locked(&self.refunds);
        refunds.refunds.values().map(|(order, _, _)| order.no.clone()).collect()
    }

    /// The account that a refund went to instead, if it did.
    pub fn refund_account(&self, no: &RefundNo) -> Option<PayeeAccount> {
        locked(&self.refunds).refunds.get(no.as_str()).and_then(|(_, _, account)| account.clone())
    }

    /// What the rail would report of this refund.
    pub fn refund_report(&self, no: &RefundNo) -> Option<RefundReport> {
        let refunds = locked(&self.refunds);
        let (order, state, _) = refunds.refunds.get(no.as_str())?;
        Some(RefundReport {
            rail: Rail::WeChatPay,
            refund_no: no.to_string(),
            order_no: order.payment.no.to_string(),
            merchant_no: samples::MERCHANT_NO.to_owned(),
            amount: order.amount.fen(),
            state: state.clone(),
        })
    }

    fn take_refund(&self, order: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        let taken = match locked(&self.orders).get(order.payment.no.as_str()) {
            Some(Order::Paid(money)) if money.txn == order.txn => money.amount,
            Some(Order::Paid(_) | Order::Open(_) | Order::Closed) | None => {
                return refused("ORDER_NOT_EXIST");
            }
        };
        let mut refunds = locked(&self.refunds);
        if let Some((known, state, _)) = refunds.refunds.get(order.no.as_str()) {
            let state = state.clone();
            return if known == order { Ok(state) } else { refused("CONTENT_CHANGED") };
        }
        let living = refunds.refunds.values().filter(|(known, state, _)| {
            known.payment.no == order.payment.no && !matches!(state, RailRefundState::Failed { .. })
        });
        let before: i64 = living.map(|(known, _, _)| known.amount.fen().value()).sum();
        if before + order.amount.fen().value() > taken.fen().value() {
            return refused("EXCEEDS");
        }
        let state = match refunds.go.clone() {
            RefundsGo::Back => done(&order.no, order),
            RefundsGo::Nowhere => RailRefundState::Processing,
            RefundsGo::Stuck => RailRefundState::NeedsAccount,
            RefundsGo::Failed(code) => RailRefundState::Failed { code },
            RefundsGo::Refused(code) => return refused(&code),
        };
        let row = (order.clone(), state.clone(), None);
        refunds.refunds.insert(order.no.to_string(), row);
        Ok(state)
    }
}

#[async_trait]
impl RailRefunds for FakeRail {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    async fn refund(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        faulty(&self.plan, || self.take_refund(refund))
    }

    async fn query_refund(&self, refund: &RefundOrder) -> Result<RailRefundState, OutsideError> {
        faulty(&self.plan, || {
            let refunds = locked(&self.refunds);
            let known = refunds.refunds.get(refund.no.as_str());
            Ok(known.map_or(RailRefundState::NotFound, |(_, state, _)| state.clone()))
        })
    }
}

#[async_trait]
impl RefundRedirects for FakeRail {
    fn rail(&self) -> Rail {
        Rail::WeChatPay
    }

    async fn redirect(
        &self,
        refund: &RefundOrder,
        account: &PayeeAccount,
    ) -> Result<RailRefundState, OutsideError> {
        faulty(&self.plan, || {
            let mut refunds = locked(&self.refunds);
            match refunds.refunds.get_mut(refund.no.as_str()) {
                Some((order, state @ RailRefundState::NeedsAccount, to)) => {
                    *state = done(&refund.no, order);
                    *to = Some(account.clone());
                    Ok(state.clone())
                }
                Some((_, state, Some(to))) if to == account => Ok(state.clone()),
                Some(_) | None => refused("NOT_STUCK"),
            }
        })
    }
}

/// What the people at the gateway do with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeskSays {
    /// Everybody agrees at once.
    #[default]
    Approved,
    /// The agency has it, until a test says so.
    Waiting,
    /// The agency refuses at once.
    Rejected,
}

#[derive(Debug, Default)]
pub(super) struct RefundsAtDesk {
    says: DeskSays,
    cases: BTreeMap<String, (DeskRequest, DeskStanding)>,
    /// By notice and payment.
    reversed: BTreeMap<(String, String), Reversals>,
}

/// The receipts of one notice and payment that were taken back.
#[derive(Debug, Default)]
struct Reversals {
    /// Under which numbers, in order.
    by: Vec<RefundNo>,
    /// Of which rest one was issued since; `None`: none is valid.
    rest: Option<PayableFen>,
}

fn case_of(standing: DeskStanding) -> DeskCase {
    let made = |stage, approved| DeskDecision {
        stage,
        approved,
        decided_by: "网关人员".to_owned(),
        reason: String::new(),
        at: samples::at(0),
    };
    let finance = DeskStage::Finance(FinanceLevel::Local);
    let decisions = match standing {
        DeskStanding::WithAgency => Vec::new(),
        DeskStanding::WithFinance => vec![made(DeskStage::Agency, true)],
        DeskStanding::Approved(_) | DeskStanding::PaidBack => {
            vec![made(DeskStage::Agency, true), made(finance, true)]
        }
        DeskStanding::Rejected => vec![made(DeskStage::Agency, false)],
    };
    DeskCase { standing, levels: vec![FinanceLevel::Local], decisions }
}

impl FakeGateway {
    /// What becomes of requests that come from now on.
    pub fn desk_says(&self, says: DeskSays) {
        locked(&self.desk).refunds.says = says;
    }

    /// The people at the gateway move a case; `false` when there is none.
    pub fn desk_moves(&self, no: &RefundNo, to: DeskStanding) -> bool {
        match locked(&self.desk).refunds.cases.get_mut(no.as_str()) {
            Some((_, standing)) => {
                *standing = to;
                true
            }
            None => false,
        }
    }

    /// Where a case stands.
    pub fn desk_case(&self, no: &RefundNo) -> Option<DeskStanding> {
        locked(&self.desk).refunds.cases.get(no.as_str()).map(|(_, standing)| *standing)
    }

    /// How often the receipt of a notice was reversed for this payment, and for which rest one
    /// was issued instead.
    pub fn reversals(&self, notice: &NoticeNo, payment: &PaymentNo) -> (u32, Option<PayableFen>) {
        let key = (notice.to_string(), payment.to_string());
        let desk = locked(&self.desk);
        let found = desk.refunds.reversed.get(&key);
        found
            .map_or((0, None), |done| (u32::try_from(done.by.len()).unwrap_or(u32::MAX), done.rest))
    }
}

#[async_trait]
impl RefundDesk for FakeGateway {
    async fn ask(&self, request: &DeskRequest) -> Result<DeskCase, OutsideError> {
        faulty(&self.plan, || {
            let mut desk = locked(&self.desk);
            let written_off = desk.written_off.iter().any(|known| {
                known.notice_no == request.notice_no && known.payment_no == request.payment_no
            });
            if !written_off {
                return refused("NOT_WRITTEN_OFF");
            }
            let standing = match desk.refunds.says {
                DeskSays::Approved => DeskStanding::Approved(NoticeAfter::Cancelled),
                DeskSays::Waiting => DeskStanding::WithAgency,
                DeskSays::Rejected => DeskStanding::Rejected,
            };
            let no = request.refund_no.to_string();
            match desk.refunds.cases.get(&no) {
                Some((known, _)) if known != request => refused("CONFLICT"),
                Some((_, standing)) => Ok(case_of(*standing)),
                None => {
                    desk.refunds.cases.insert(no, (request.clone(), standing));
                    Ok(case_of(standing))
                }
            }
        })
    }

    async fn query(&self, refund_no: &RefundNo) -> Result<Option<DeskCase>, OutsideError> {
        faulty(&self.plan, || {
            let desk = locked(&self.desk);
            let case = desk.refunds.cases.get(refund_no.as_str());
            Ok(case.map(|(_, standing)| case_of(*standing)))
        })
    }

    async fn tell_paid_back(&self, notice: &DeskNotice) -> Result<DeskCase, OutsideError> {
        faulty(&self.plan, || {
            let mut desk = locked(&self.desk);
            let key = (notice.notice_no.to_string(), notice.payment_no.to_string());
            if !desk.refunds.reversed.contains_key(&key) {
                return refused("RECEIPT_NOT_REVERSED");
            }
            let no = notice.refund_no.to_string();
            let Some((request, standing)) = desk.refunds.cases.get_mut(&no) else {
                return refused("NOT_FOUND");
            };
            let (asked, paid) = (request.amount, notice.amount);
            match standing {
                DeskStanding::Approved(_) | DeskStanding::PaidBack if asked == paid => {
                    *standing = DeskStanding::PaidBack;
                }
                DeskStanding::Approved(_) | DeskStanding::PaidBack => return refused("AMOUNT"),
                DeskStanding::WithAgency | DeskStanding::WithFinance | DeskStanding::Rejected => {
                    return refused("NOT_APPROVED");
                }
            }
            let back = desk.refunds.cases.values().filter(|(request, standing)| {
                request.notice_no == notice.notice_no && *standing == DeskStanding::PaidBack
            });
            let back: i64 = back.map(|(request, _)| request.amount.fen().value()).sum();
            let due = desk.written_off.iter().find(|known| known.notice_no == notice.notice_no);
            if due.is_some_and(|due| due.amount.value() == back)
                && let Some(known) = desk.notices.get_mut(notice.notice_no.as_str())
            {
                known.standing = NoticeStanding::Withdrawn;
            }
            Ok(case_of(DeskStanding::PaidBack))
        })
    }
}

#[async_trait]
impl ReceiptReversal for FakeGateway {
    async fn reverse(&self, request: &ReversalRequest) -> Result<Reversal, OutsideError> {
        faulty(&self.plan, || {
            let mut desk = locked(&self.desk);
            let issued = desk.receipts.iter().any(|receipt| {
                receipt.notice_no == request.notice_no && receipt.payment_no == request.payment_no
            });
            if !issued {
                return Ok(Reversal::NotIssuedYet);
            }
            let key = (request.notice_no.to_string(), request.payment_no.to_string());
            let done = desk.refunds.reversed.entry(key).or_default();
            if !done.by.contains(&request.refund_no) {
                if !done.by.is_empty() && done.rest.is_none() {
                    return Ok(Reversal::NotIssuedYet);
                }
                done.by.push(request.refund_no.clone());
                done.rest = None;
            }
            Ok(Reversal::Reversed)
        })
    }

    async fn replace(
        &self,
        request: &ReversalRequest,
        amount: PayableFen,
    ) -> Result<Reversal, OutsideError> {
        faulty(&self.plan, || {
            let key = (request.notice_no.to_string(), request.payment_no.to_string());
            match locked(&self.desk).refunds.reversed.get_mut(&key) {
                Some(done) if done.rest.is_some() => Ok(Reversal::Reversed),
                Some(done) if done.by.last() == Some(&request.refund_no) => {
                    done.rest = Some(amount);
                    Ok(Reversal::Reversed)
                }
                Some(_) | None => Ok(Reversal::NotIssuedYet),
            }
        })
    }
}
