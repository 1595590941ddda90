//! Fiscal e-receipts.

use super::error::{FailureCode, store_failed};
use super::loaders::loaders;
use super::node_id::Kind;
use super::notice::{PageInfo, bounded};
use super::scalars::{DateTime, Money};
use super::{UseCases, signed_in};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::identity::PersonName;
use domain::ids::PaymentNo;
use domain::receipt::{Document, FiledReceipt, ReceiptId, Verified};
use domain::standards::{CheckCode, ReceiptCode, ReceiptNo};

/// A fiscal e-receipt (财政电子票据). One per notice and agency.
pub struct Receipt(pub FiledReceipt);

/// One line of a receipt.
#[derive(SimpleObject)]
pub struct ReceiptItem {
    /// 项目编码.
    code: String,
    /// Its name.
    name: String,
    /// Positive, also on a red-letter receipt.
    amount: Money,
}

/// A fiscal e-receipt (财政电子票据). One per notice and agency.
#[Object]
impl Receipt {
    /// Opaque.
    pub async fn id(&self) -> ID {
        Kind::Receipt.id(&key_of(&self.0.receipt.id))
    }

    /// 票据代码.
    async fn code(&self) -> &str {
        self.0.receipt.id.code.as_str()
    }

    /// 票据号码.
    async fn number(&self) -> &str {
        self.0.receipt.id.number.as_str()
    }

    /// 校验码: who has it may verify the receipt.
    async fn check_code(&self) -> &str {
        self.0.receipt.check_code.as_str()
    }

    /// 票据种类, in Chinese, as the code tells it.
    async fn class(&self) -> &str {
        self.0.receipt.id.code.class().name_zh()
    }

    /// With the late fee; negative on a red-letter receipt.
    async fn amount(&self) -> Money {
        self.0.signed_amount().into()
    }

    /// When it was issued.
    async fn issued_at(&self) -> DateTime {
        self.0.receipt.issued_at.into()
    }

    /// Who paid, masked; null where no name was proved by then.
    async fn payer(&self) -> Option<String> {
        self.0.payer.as_ref().map(PersonName::masked)
    }

    /// Who was owed.
    async fn agency(&self) -> &str {
        &self.0.agency.name
    }

    /// Its lines.
    async fn items(&self) -> Vec<ReceiptItem> {
        let items = self.0.items.iter().map(|item| ReceiptItem {
            code: item.code.clone(),
            name: item.name.clone(),
            amount: item.amount.into(),
        });
        items.collect()
    }

    /// Of a red-letter receipt (红字票据): the one that it takes back.
    #[graphql(complexity = "20 + child_complexity")]
    async fn reverses(&self, ctx: &Context<'_>) -> Result<Option<Receipt>> {
        linked(ctx, self.0.red_letter.as_ref().map(|letter| &letter.original)).await
    }

    /// The receipt that takes it back; null while it stands.
    #[graphql(complexity = "20 + child_complexity")]
    async fn reversed_by(&self, ctx: &Context<'_>) -> Result<Option<Receipt>> {
        linked(ctx, self.0.reversed_by.as_ref()).await
    }

    /// Signed, valid five minutes; null where this server has no font to print with.
    async fn pdf_url(&self, ctx: &Context<'_>) -> Option<String> {
        pdf_url(ctx, &self.0.person, Document::Receipt(self.0.receipt.id.clone()))
    }
}

fn key_of(id: &ReceiptId) -> String {
    format!("{}:{}", id.code.as_str(), id.number.as_str())
}

fn id_of(key: &str) -> Option<ReceiptId> {
    let (code, number) = key.split_once(':')?;
    let (code, number) = (ReceiptCode::new(code).ok()?, ReceiptNo::new(number).ok()?);
    Some(ReceiptId { code, number })
}

async fn linked(ctx: &Context<'_>, id: Option<&ReceiptId>) -> Result<Option<Receipt>> {
    let Some(id) = id else { return Ok(None) };
    let book = &ctx.data_unchecked::<UseCases>().receipts;
    let all = |ids: Vec<_>| async move { book.find_all(&ids).await };
    Ok(loaders(ctx).receipts.load(id.clone(), all).await?.map(Receipt))
}

/// The receipts of a payment that the caller was shown, in order of notice numbers.
pub async fn of_payment(ctx: &Context<'_>, no: &PaymentNo) -> Result<Vec<FiledReceipt>> {
    let book = &ctx.data_unchecked::<UseCases>().receipts;
    let lists = |nos: Vec<_>| async move { book.list_of_payments(&nos).await };
    Ok(loaders(ctx).receipts_of.load(no.clone(), lists).await?.unwrap_or_default())
}

/// The address of a document of this person; `None` where nothing can be printed.
pub fn pdf_url(
    ctx: &Context<'_>,
    person: &domain::ids::PersonId,
    document: Document,
) -> Option<String> {
    let use_cases = ctx.data_unchecked::<UseCases>();
    let token = use_cases.documents.link(person, document)?;
    Some(format!("{}/documents/{token}", use_cases.public_url))
}

/// Receipts, newest first, and whether there are more.
#[derive(SimpleObject)]
pub struct ReceiptConnection {
    /// Newest first, red-letter ones included.
    nodes: Vec<Receipt>,
    /// Whether there are more.
    page_info: PageInfo,
}

/// The caller's receipts.
pub async fn own_receipts(
    ctx: &Context<'_>,
    first: i32,
    after: Option<String>,
) -> Result<ReceiptConnection> {
    let person = &signed_in(ctx)?.person;
    let first = u16::try_from(bounded(first)?).unwrap_or(100);
    let book = &ctx.data_unchecked::<UseCases>().receipts;
    let before = match after.as_deref().map(id_of) {
        None => None,
        Some(Some(id)) => {
            // Else an unknown cursor would end the list silently.
            let known = book.find(&id).await.map_err(|error| store_failed(&error))?;
            let own = known.filter(|filed| person.owns(&filed.person));
            own.ok_or_else(|| FailureCode::BadInput.error())?;
            Some(id)
        }
        Some(None) => return Err(FailureCode::BadInput.error()),
    };
    let page = book.list_receipts_of_person(&person.ids(), before.as_ref(), first).await;
    let page = page.map_err(|error| store_failed(&error))?;
    let end_cursor = page.receipts.last().map(|filed| key_of(&filed.receipt.id));
    let page_info = PageInfo { has_next_page: page.more, end_cursor };
    Ok(ReceiptConnection { nodes: page.receipts.into_iter().map(Receipt).collect(), page_info })
}

/// All that a person paid in one year, by Beijing's calendar.
#[derive(SimpleObject)]
pub struct YearlyStatement {
    /// Which year.
    year: i32,
    /// How many payments.
    lines: i32,
    /// What was paid.
    total: Money,
    /// Of that, given back until now.
    refunded: Money,
    /// False where the year has more payments than a statement shows (2000).
    complete: bool,
    /// Signed, valid five minutes; null where this server has no font to print with.
    pdf_url: Option<String>,
}

/// The caller's statement; null for a year that no calendar has.
pub async fn own_year(ctx: &Context<'_>, year: i32) -> Result<Option<YearlyStatement>> {
    let person = &signed_in(ctx)?.person;
    let Ok(short) = i16::try_from(year) else { return Ok(None) };
    let years = &ctx.data_unchecked::<UseCases>().documents.years;
    let found = years.run(&person.ids(), short).await.map_err(|error| store_failed(&error))?;
    Ok(found.map(|found| YearlyStatement {
        year,
        lines: i32::try_from(found.lines.len()).unwrap_or(i32::MAX),
        total: found.paid.into(),
        refunded: found.refunded.into(),
        complete: found.complete,
        pdf_url: pdf_url(ctx, &person.id, Document::Year(short)),
    }))
}

/// What everybody may know of a genuine receipt.
#[derive(Debug, Clone, SimpleObject)]
pub struct VerifiedReceipt {
    /// 票据代码.
    code: String,
    /// 票据号码.
    number: String,
    /// With the late fee; negative on a red-letter receipt.
    amount: Money,
    /// When it was issued.
    issued_at: DateTime,
    /// Who paid, masked as on the receipt; null where no name was proved by then.
    payer: Option<String>,
    /// Who was owed.
    agency: String,
    /// Was it taken back?
    reversed: bool,
    /// Does it take another one back (红字票据)?
    red_letter: bool,
}

/// The answer to "is this receipt genuine?".
#[derive(Debug, Clone, SimpleObject)]
pub struct ReceiptVerification {
    /// Code, number and check code are those of one receipt.
    valid: bool,
    /// Only of a valid one.
    receipt: Option<VerifiedReceipt>,
    /// How much of it was given back since.
    refunded: Option<Money>,
}

impl From<Verified> for ReceiptVerification {
    fn from(verified: Verified) -> Self {
        let receipt = VerifiedReceipt::from(&verified);
        Self { valid: true, receipt: Some(receipt), refunded: Some(verified.refunded.into()) }
    }
}

impl From<&Verified> for VerifiedReceipt {
    fn from(verified: &Verified) -> Self {
        let filed = &verified.filed;
        Self {
            code: filed.receipt.id.code.as_str().to_owned(),
            number: filed.receipt.id.number.as_str().to_owned(),
            amount: filed.signed_amount().into(),
            issued_at: filed.receipt.issued_at.into(),
            payer: filed.payer.as_ref().map(PersonName::masked),
            agency: filed.agency.name.clone(),
            reversed: filed.reversed_by.is_some(),
            red_letter: filed.red_letter.is_some(),
        }
    }
}

/// Malformed input is not valid, and says no more than a number that was never issued.
pub async fn verify(
    ctx: &Context<'_>,
    code: &str,
    number: &str,
    check_code: &str,
) -> Result<ReceiptVerification> {
    let nothing = ReceiptVerification { valid: false, receipt: None, refunded: None };
    let read = (
        ReceiptCode::new(code.trim()),
        ReceiptNo::new(number.trim()),
        CheckCode::new(check_code.trim()),
    );
    let (Ok(code), Ok(number), Ok(check_code)) = read else { return Ok(nothing) };
    let verify = &ctx.data_unchecked::<UseCases>().verify_receipt;
    let found = verify.run(&ReceiptId { code, number }, &check_code).await;
    Ok(found.map_err(|error| store_failed(&error))?.map_or(nothing, ReceiptVerification::from))
}

/// The receipt with this key, if it is the caller's.
pub async fn own_receipt(ctx: &Context<'_>, key: &str) -> Result<Option<super::Node>> {
    let Some(id) = id_of(key) else { return Ok(None) };
    let Some(caller) = super::requester(ctx).caller.as_ref() else { return Ok(None) };
    let found = ctx.data_unchecked::<UseCases>().receipts.find(&id).await;
    let own = found.map_err(|error| store_failed(&error))?;
    let own = own.filter(|filed| caller.person.owns(&filed.person));
    Ok(own.map(|filed| super::Node::Receipt(Receipt(filed))))
}
