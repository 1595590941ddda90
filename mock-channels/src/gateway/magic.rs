//! Payers whose name says how the gateway treats what they owe, and sums that say the same.

/// What happens to the notices of a payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Magic {
    /// A write-off finds the notice paid at a counter.
    AlreadyPaid,
    /// A write-off finds the notice withdrawn.
    Withdrawn,
    /// The first try of each write-off is answered `BUSY:`.
    WriteOffBusy,
    /// Confirmed ten minutes later.
    ConfirmedLater,
    /// Rejected ten minutes later.
    ConfirmationRejected,
    /// The first try of each receipt is answered `BUSY:`.
    ReceiptBusy,
    /// Finance fails its lines.
    LineFailed,
    /// Finance leaves its lines to be confirmed.
    LineToBeConfirmed,
    /// The agency rejects refunds at once.
    RefundRefusedByAgency,
    /// The agency approves and finance rejects at once.
    RefundRefusedByFinance,
    /// Everybody approves at once; the notice is cancelled.
    RefundApproved,
    /// Everybody approves at once; the notice is open again.
    RefundApprovedOpen,
}

/// The names, as docs/protocols/non-tax-gateway.md lists them.
const NAMES: [(&str, Magic); 12] = [
    ("销账已缴", Magic::AlreadyPaid),
    ("销账撤回", Magic::Withdrawn),
    ("销账繁忙", Magic::WriteOffBusy),
    ("确认延后", Magic::ConfirmedLater),
    ("确认驳回", Magic::ConfirmationRejected),
    ("票据繁忙", Magic::ReceiptBusy),
    ("对账失败", Magic::LineFailed),
    ("对账待定", Magic::LineToBeConfirmed),
    ("退付驳回", Magic::RefundRefusedByAgency),
    ("退付否决", Magic::RefundRefusedByFinance),
    ("退付通过", Magic::RefundApproved),
    ("退付重开", Magic::RefundApprovedOpen),
];

impl Magic {
    /// What a payer's name means, if anything.
    pub(crate) fn of(name: &str) -> Option<Self> {
        NAMES.iter().find(|(own, _)| *own == name).map(|(_, magic)| *magic)
    }

    /// What a sum of fen means: 98.01 yuan is the first name of the list, and so on, whatever
    /// stands before.
    pub(crate) fn of_amount(fen: i64) -> Option<Self> {
        let place = usize::try_from(fen % 10_000 - 9_801).ok()?;
        NAMES.get(place).map(|(_, magic)| *magic)
    }
}
