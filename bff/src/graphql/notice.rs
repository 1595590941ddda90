//! Notices, live from the gateway or as they stood when they were paid.

use super::error::{FailureCode, internal, store_failed};
use super::loaders::loaders;
use super::node_id::Kind;
use super::notice_search::NoticesOf;
use super::payment::{Payment, WriteOffStatus};
use super::receipt::Receipt;
use super::scalars::{Day, Money};
use super::{UseCases, requester};
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use domain::clock::beijing_day;
use domain::notice::{Due, ListedNotice, Notice as DomainNotice, NoticeNo, NoticeStanding};
use domain::payment::{
    Holder, NoticeSnapshot, Payment as DomainPayment, PaymentState, PaymentStatus, SnapshotItem,
};
use jiff::Timestamp;

/// Where a notice stands for who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum NoticeStatus {
    /// Can be paid now.
    Payable,
    /// An attempt is under way.
    InPayment,
    /// Money of another amount arrived: it is held until two persons agree that it goes back.
    UnderReview,
    /// Paid.
    Paid,
    /// Paid, and given back.
    Refunded,
    /// Taken back by the agency.
    Withdrawn,
    /// Past its deadline.
    Expired,
}

/// One line of a notice.
#[derive(Debug, Clone, SimpleObject)]
pub struct NoticeItem {
    /// 执收项目编码.
    code: String,
    /// Its name.
    name: String,
    /// Without late fee, or a late fee on its own item.
    amount: Money,
}

impl NoticeItem {
    fn new(code: &str, name: &str, amount: domain::money::Fen) -> Self {
        Self { code: code.to_owned(), name: name.to_owned(), amount: amount.into() }
    }
}

impl From<&domain::notice::NoticeItem> for NoticeItem {
    fn from(item: &domain::notice::NoticeItem) -> Self {
        Self::new(&item.code, &item.name, item.amount)
    }
}

impl From<&SnapshotItem> for NoticeItem {
    fn from(item: &SnapshotItem) -> Self {
        Self::new(&item.code, &item.name, item.amount)
    }
}

/// What is owed to an agency (缴款单).
#[derive(Debug, Clone)]
pub enum Notice {
    /// As the gateway has it now.
    Live(Box<ListedNotice>),
    /// As it stood when the payment was made.
    Paid(Box<NoticeSnapshot>, Box<DomainPayment>),
}

impl Notice {
    /// A notice of the gateway with what it costs now; one whose sums overflow is nobody's.
    pub fn live(notice: DomainNotice, now: Timestamp) -> Result<Self> {
        let due: Due = notice.due(now).map_err(|error| internal(&error))?;
        Ok(Self::Live(Box::new(ListedNotice { notice, due })))
    }

    fn no(&self) -> &domain::notice::NoticeNo {
        match self {
            Self::Live(listed) => &listed.notice.no,
            Self::Paid(snapshot, _) => &snapshot.no,
        }
    }

    /// The payment that tells where the notice stands.
    async fn holder(&self, ctx: &Context<'_>) -> Result<Holder> {
        match self {
            Self::Paid(_, payment) => Ok(Holder::Own(payment.clone())),
            Self::Live(listed) => {
                let caller = requester(ctx).caller.as_ref();
                let read = &ctx.data_unchecked::<UseCases>().read_payments;
                let holders = |notices: Vec<_>| async move { read.holders(caller, &notices).await };
                let held = loaders(ctx).holders.load(listed.notice.no.clone(), holders).await?;
                Ok(held.unwrap_or(Holder::Nobody))
            }
        }
    }
}

/// What is owed to an agency (缴款单).
#[Object]
impl Notice {
    /// Opaque.
    pub async fn id(&self) -> ID {
        Kind::Notice.id(self.no().as_str())
    }

    /// The business number (缴款单号).
    async fn notice_no(&self) -> &str {
        self.no().as_str()
    }

    /// What it is for, in the agency's words.
    async fn title(&self) -> &str {
        match self {
            Self::Live(listed) => &listed.notice.title,
            Self::Paid(snapshot, _) => &snapshot.title,
        }
    }

    /// Who is owed (执收单位).
    async fn agency(&self) -> &str {
        match self {
            Self::Live(listed) => &listed.notice.agency.name,
            Self::Paid(snapshot, _) => &snapshot.agency.name,
        }
    }

    /// Its lines; at most 50.
    async fn items(&self) -> Vec<NoticeItem> {
        match self {
            Self::Live(listed) => {
                let items = listed.notice.items.iter().take(50);
                items.map(NoticeItem::from).collect()
            }
            Self::Paid(snapshot, _) => {
                let items = snapshot.items.iter().take(50);
                items.map(NoticeItem::from).collect()
            }
        }
    }

    /// Without late fee.
    async fn principal(&self) -> Money {
        match self {
            Self::Live(listed) => listed.due.principal.into(),
            Self::Paid(snapshot, _) => snapshot.principal.into(),
        }
    }

    /// As of now, or of the payment's making.
    async fn late_fee(&self) -> Money {
        match self {
            Self::Live(listed) => listed.due.late_fee.into(),
            Self::Paid(snapshot, _) => snapshot.late_fee.into(),
        }
    }

    /// What must be paid.
    async fn total(&self) -> Money {
        match self {
            Self::Live(listed) => listed.due.total.into(),
            Self::Paid(snapshot, _) => snapshot.total().into(),
        }
    }

    /// The last day on which it can be paid.
    async fn due(&self) -> Option<Day> {
        let expires_at = match self {
            Self::Live(listed) => listed.notice.expires_at,
            Self::Paid(snapshot, _) => snapshot.expires_at,
        };
        expires_at.map(|at| Day(beijing_day(at)))
    }

    /// Where it stands.
    async fn status(&self, ctx: &Context<'_>) -> Result<NoticeStatus> {
        let held = match self.holder(ctx).await? {
            Holder::Own(payment) => status_by(payment.state.status()),
            Holder::Foreign(status) => status_by(status),
            Holder::Nobody => None,
        };
        Ok(match (held, self) {
            (Some(status), _) => status,
            (None, Self::Paid(..)) => NoticeStatus::Payable,
            (None, Self::Live(listed)) => match listed.notice.standing {
                NoticeStanding::Paid => NoticeStatus::Paid,
                NoticeStanding::Withdrawn => NoticeStatus::Withdrawn,
                NoticeStanding::Open if listed.notice.expired(requester(ctx).now) => {
                    NoticeStatus::Expired
                }
                NoticeStanding::Open => NoticeStatus::Payable,
            },
        })
    }

    /// Whether the agency has marked it as settled.
    async fn write_off(&self, ctx: &Context<'_>) -> Result<WriteOffStatus> {
        let holder = match (self.holder(ctx).await?, self) {
            (Holder::Own(payment), _) => payment,
            (Holder::Nobody | Holder::Foreign(_), Self::Live(listed)) => {
                let paid = listed.notice.standing == NoticeStanding::Paid;
                return Ok(if paid { WriteOffStatus::Done } else { WriteOffStatus::NotDue });
            }
            (Holder::Nobody | Holder::Foreign(_), Self::Paid(..)) => {
                return Ok(WriteOffStatus::NotDue);
            }
        };
        let mine = holder.notices.iter().find(|notice| &notice.no == self.no());
        let done = mine.is_some_and(|notice| notice.written_off_at.is_some());
        Ok(match (done, &holder.state) {
            (true, _) => WriteOffStatus::Done,
            (false, PaymentState::Paid(_)) => WriteOffStatus::Pending,
            (false, _) => WriteOffStatus::NotDue,
        })
    }

    /// Its fiscal e-receipt, once issued, if the caller paid.
    async fn receipt(&self, ctx: &Context<'_>) -> Result<Option<Receipt>> {
        let Holder::Own(payment) = self.holder(ctx).await? else { return Ok(None) };
        let receipts = super::receipt::of_payment(ctx, &payment.no).await?;
        let of = |filed: &domain::receipt::FiledReceipt| &filed.receipt.notice_no == self.no();
        // The newest: where a part went back, an older one was taken back.
        Ok(receipts.into_iter().rfind(of).map(Receipt))
    }

    /// The live or honoured attempt, if it is the caller's.
    async fn payment(&self, ctx: &Context<'_>) -> Result<Option<Payment>> {
        Ok(match self.holder(ctx).await? {
            Holder::Own(payment) => Some(Payment(*payment)),
            Holder::Nobody | Holder::Foreign(_) => None,
        })
    }
}

fn status_by(payment: PaymentStatus) -> Option<NoticeStatus> {
    match payment {
        PaymentStatus::Submitted | PaymentStatus::Unknown => Some(NoticeStatus::InPayment),
        PaymentStatus::UnderReview => Some(NoticeStatus::UnderReview),
        PaymentStatus::Paid | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunding => {
            Some(NoticeStatus::Paid)
        }
        PaymentStatus::Refunded => Some(NoticeStatus::Refunded),
        PaymentStatus::Closed | PaymentStatus::RefundDue => None,
    }
}

/// Notices, and whether there are more.
#[derive(SimpleObject)]
pub struct NoticeConnection {
    /// In order of the day on which harm begins.
    nodes: Vec<Notice>,
    /// Whether there are more.
    page_info: PageInfo,
}

/// Where a page ends.
#[derive(Debug, Clone, SimpleObject)]
pub struct PageInfo {
    /// Are there more?
    pub has_next_page: bool,
    /// Pass it as `after` for the next page.
    pub end_cursor: Option<String>,
}

/// The page after `after` of a short list, by keys.
pub fn page<T>(
    all: Vec<T>,
    key: impl Fn(&T) -> String,
    first: usize,
    after: Option<&str>,
) -> (Vec<T>, PageInfo) {
    let start = after.map_or(0, |after| {
        all.iter().position(|item| key(item) == after).map_or(all.len(), |at| at + 1)
    });
    let has_next_page = all.len() > start + first;
    let nodes: Vec<T> = all.into_iter().skip(start).take(first).collect();
    let end_cursor = nodes.last().map(key);
    (nodes, PageInfo { has_next_page, end_cursor })
}

/// Rows of one page of a list.
pub const FIRST_MAX: usize = 100;

/// `first` as the contract bounds it: 1 to [`FIRST_MAX`].
pub fn bounded(first: i32) -> Result<usize> {
    match usize::try_from(first) {
        Ok(first @ 1..=FIRST_MAX) => Ok(first),
        Ok(_) | Err(_) => Err(FailureCode::BadInput.error()),
    }
}

/// The notices that are looked for, from the gateway.
pub async fn open_notices(
    ctx: &Context<'_>,
    first: i32,
    after: Option<String>,
    payable: Option<bool>,
    of: Option<NoticesOf>,
) -> Result<NoticeConnection> {
    let first = bounded(first)?;
    let who = requester(ctx);
    let mut listed = super::notice_search::search(ctx, of).await?;
    if let Some(wanted) = payable {
        listed.retain(|l| {
            let open = l.notice.standing == NoticeStanding::Open && !l.notice.expired(who.now);
            open == wanted
        });
    }
    let (listed, page_info) = page(listed, |l| l.notice.no.to_string(), first, after.as_deref());
    let nodes = listed.into_iter().map(|listed| Notice::Live(Box::new(listed))).collect();
    Ok(NoticeConnection { nodes, page_info })
}

/// The notice with this number, for `node(id:)`: of the caller's own payment, or of the open ones
/// of the name that the caller proved. Anybody else's is null, as if there were none.
pub async fn own_notice(ctx: &Context<'_>, key: &str) -> Result<Option<super::Node>> {
    let who = requester(ctx);
    let (Some(caller), Ok(no)) = (&who.caller, NoticeNo::new(key)) else { return Ok(None) };
    let use_cases = ctx.data_unchecked::<UseCases>();
    let holder = use_cases.read_payments.holder(Some(caller), &no).await;
    if let Holder::Own(payment) = holder.map_err(|error| store_failed(&error))? {
        let snapshot = payment.notices.iter().find(|notice| notice.no == no).cloned();
        let paid = snapshot.map(|snapshot| Notice::Paid(Box::new(snapshot), payment));
        return Ok(paid.map(super::Node::Notice));
    }
    let Some(proved) = &caller.person.real_name else { return Ok(None) };
    let open = use_cases.find_notices.run(&proved.id_card, who.now).await;
    let open = open.map_err(|error| super::error::gateway_failed(&error))?;
    let own = open.into_iter().find(|listed| listed.notice.no == no);
    Ok(own.map(|listed| super::Node::Notice(Notice::Live(Box::new(listed)))))
}
