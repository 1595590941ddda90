//! What a verdict depends on. Texts are borrowed from the files they were read from: a day may have millions of lines.

use crate::money::Fen;
use crate::payment::Rail;
use crate::reconciliation::DiscrepancyCode;
use jiff::Timestamp;
use jiff::civil::Date;

/// Which file of the day: its place in the list of files, which is sorted by name and content.
pub type FileKey = u16;

/// Where a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The file.
    pub file: FileKey,
    /// The line in it; the first line of the file is 1.
    pub line_no: u32,
}

/// What a line of the ledger tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LedgerKind {
    /// Money taken.
    Pay,
    /// Money given back.
    Refund,
}

/// How far we think it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LedgerState {
    /// Asked for; of a refund this is booked already.
    Submitted,
    /// No answer came.
    Unknown,
    /// Refused, or came to nothing.
    Failed,
    /// The order was closed.
    Closed,
    /// A payment: the money is there.
    Paid,
    /// A refund: the money is back.
    Succeeded,
}

/// One line of our ledger's export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRecord<'a> {
    /// Where it stands.
    pub origin: Origin,
    /// Payment or refund.
    pub kind: LedgerKind,
    /// The payment's number.
    pub order_no: &'a str,
    /// The refund's number; empty of a payment.
    pub refund_no: &'a str,
    /// The notice, or several as `no=fen;no=fen`; may be empty.
    pub notice_no: &'a str,
    /// By which rail.
    pub rail: Rail,
    /// Our merchant number there.
    pub merchant_no: &'a str,
    /// Our app there.
    pub app_id: &'a str,
    /// The rail's number; empty where it is not known.
    pub txn: &'a str,
    /// Positive.
    pub amount: Fen,
    /// How far.
    pub state: LedgerState,
    /// By the rail's clock, if it is there already.
    pub at: Timestamp,
    /// The day in our books.
    pub accounting_day: Date,
    /// The day whose statement proved it before.
    pub settled_on: Option<Date>,
    /// Who is owed; may be empty.
    pub agency_code: &'a str,
    /// For what; may be empty.
    pub item_code: &'a str,
}

/// What a line of a rail tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RailLineKind {
    /// Money taken.
    Pay,
    /// Money given back, or on its way.
    Refund,
    /// A refund that came back: a dead card, a closed account.
    ReturnedRefund,
}

/// One line of a statement that was read and belongs to the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RailLine<'a> {
    /// Where it stands.
    pub origin: Origin,
    /// Whose statement it is of.
    pub rail: Rail,
    /// What it tells of.
    pub kind: RailLineKind,
    /// The order's number: ours, if the order is; may be empty.
    pub order_no: &'a str,
    /// The refund's number: ours, if the refund is; empty of a payment.
    pub refund_no: &'a str,
    /// The rail's number: of a refund line the refund's own, if there is one.
    pub txn: &'a str,
    /// Our merchant number there.
    pub merchant_no: &'a str,
    /// Our app there; empty where the format has none.
    pub app_id: &'a str,
    /// Positive.
    pub amount: Fen,
    /// What the rail kept; negative where it gave a fee back.
    pub fee: Fen,
    /// By the rail's clock.
    pub at: Timestamp,
}

/// One credit of the clearing bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditLine<'a> {
    /// Where it stands.
    pub origin: Origin,
    /// The bank's number of it.
    pub credit_no: &'a str,
    /// Which account.
    pub account: &'a str,
    /// From when it counts.
    pub value_day: Date,
    /// Positive.
    pub amount: Fen,
    /// Whose payout, where the bank knows.
    pub rail: Option<Rail>,
    /// Of which merchant; may be empty.
    pub merchant_no: &'a str,
    /// Of which day, where the bank knows.
    pub payout_day: Option<Date>,
    /// May be empty.
    pub agency_code: &'a str,
    /// May be empty.
    pub item_code: &'a str,
}

/// What an agency says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AgencyKind {
    /// 销账: its books say the notice is paid.
    WriteOff,
    /// 票据: a fiscal receipt was issued.
    Receipt,
}

/// One confirmation of an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyLine<'a> {
    /// Where it stands.
    pub origin: Origin,
    /// What it says.
    pub kind: AgencyKind,
    /// Who.
    pub agency_code: &'a str,
    /// Of which notice.
    pub notice_no: &'a str,
    /// For what; may be empty.
    pub item_code: &'a str,
    /// Positive.
    pub amount: Fen,
    /// When.
    pub at: Timestamp,
    /// The agency's number of it.
    pub confirmation_no: &'a str,
}

/// Who we are at a rail, and what was agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantRule {
    /// At which rail.
    pub rail: Rail,
    /// Our number there.
    pub merchant_no: String,
    /// Our apps there; none allows lines without one.
    pub app_ids: Vec<String>,
    /// The agreed fee in parts of a million.
    pub fee_ppm: u32,
    /// Where its payouts must arrive.
    pub account: String,
    /// Under which item codes; none allows any.
    pub item_codes: Vec<String>,
}

/// A payout of an earlier day that was not credited yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPayout {
    /// By which rail.
    pub rail: Rail,
    /// Of which merchant.
    pub merchant_no: String,
    /// Of which day.
    pub day: Date,
    /// What must come.
    pub net: Fen,
}

/// The rules of the day (`rules.json`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The Beijing day that is judged.
    pub day: Date,
    /// As of when.
    pub judged_at: Timestamp,
    /// So close to the day's end a payment may stand in the next statement.
    pub cut_minutes: u32,
    /// After so long a paid notice must be written off.
    pub write_off_due_minutes: u32,
    /// After so many days, at 10:00, a payout must be there.
    pub payout_due_days: u32,
    /// So far a line's fee may be off, either way.
    pub fee_tolerance: Fen,
    /// Who we are.
    pub merchants: Vec<MerchantRule>,
    /// Still in transit from before.
    pub open_payouts: Vec<OpenPayout>,
    /// SHA-256 of files that were used before, lower-case hex.
    pub seen_files: Vec<String>,
    /// `WECHAT_PAY:<merchant>`, `BANK`, `AGENCY:<agency>`.
    pub expected_files: Vec<String>,
    /// By name: `sha1:<hex>` of the unpacked file or `sha256:<hex>` of the file.
    pub file_hashes: std::collections::BTreeMap<String, String>,
}

/// A line that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedRecord<'a> {
    /// Where it stands.
    pub origin: Origin,
    /// Whose statement it is of; `None` of the bank's and the agencies' files.
    pub owner: Option<(Rail, &'a str)>,
    /// Below zero what was given back; `None` if that cannot be read.
    pub amount: Option<Fen>,
    /// `None` if that cannot be read.
    pub fee: Option<Fen>,
    /// The order's number, if that can be read; else empty.
    pub order_no: &'a str,
    /// The refund's number, if that can be read; else empty.
    pub refund_no: &'a str,
    /// The line as it stands in the file.
    pub raw: &'a [u8],
    /// Which column, and why; in Chinese.
    pub reason: String,
}

/// What a file of the day is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileRole {
    /// Our ledger's export.
    Ledger,
    /// A rail's statement.
    Statement,
    /// The bank's credits.
    Bank,
    /// Confirmations of agencies.
    Agency,
}

impl FileRole {
    /// The ledger first.
    pub const fn rank(&self) -> u8 {
        match self {
            Self::Ledger => 0,
            Self::Statement => 1,
            Self::Bank => 2,
            Self::Agency => 3,
        }
    }
}

/// A file that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFact {
    /// Without its folder.
    pub name: String,
    /// SHA-256, lower-case hex.
    pub sha256: String,
    /// What it is.
    pub role: FileRole,
}

/// A statement of one merchant that can be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedStatement {
    /// Of which rail.
    pub rail: Rail,
    /// Of which merchant.
    pub merchant_no: String,
    /// What its own totals say is paid out: paid less refunded less fees. `None` if it has no totals.
    pub net: Option<Fen>,
}

/// What is wrong with a whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFault {
    /// F01, F02, F03 or F04.
    pub code: DiscrepancyCode,
    /// F03: the total less its lines.
    pub at_risk: Fen,
    /// Its name; of a file that is not there what was expected: `WECHAT_PAY:<merchant>`, `BANK`, `AGENCY:<agency>`.
    pub file: String,
    /// In Chinese.
    pub note: String,
}

/// Orders that were put aside before judging: one payment booked on the day and one line of the rail, equal in everything, the fee as
/// agreed, and neither order, transaction nor notice named anywhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sifted {
    /// How many.
    pub orders: u64,
    /// What they paid.
    pub paid: Fen,
    /// What the rail kept.
    pub fees: Fen,
}

/// All that the verdicts of a day depend on.
#[derive(Debug, Clone)]
pub struct DayInput<'a> {
    /// The rules.
    pub rules: &'a Rules,
    /// The files that were given; a [`FileKey`] is a place in this list.
    pub files: &'a [FileFact],
    /// What is wrong with whole files, and which are not there.
    pub faults: &'a [FileFault],
    /// Of each file the merchant whose statement it is; empty of other files.
    pub owners: &'a [&'a str],
    /// Statements that can be trusted; all others are waited for.
    pub statements: &'a [TrustedStatement],
    /// Our ledger.
    pub ledger: &'a [LedgerRecord<'a>],
    /// The lines of the trusted statements.
    pub lines: &'a [RailLine<'a>],
    /// The bank's credits; `None` if its file is not there, cannot be trusted, or was not asked for.
    pub credits: Option<&'a [CreditLine<'a>]>,
    /// The agencies' confirmations; `None` if no file of them is there.
    pub confirmations: Option<&'a [AgencyLine<'a>]>,
    /// Agencies whose file is waited for.
    pub silent_agencies: &'a [String],
    /// Lines that could not be read.
    pub quarantined: &'a [QuarantinedRecord<'a>],
    /// What was put aside, by rail and merchant.
    pub sifted: &'a [(Rail, String, Sifted)],
}
