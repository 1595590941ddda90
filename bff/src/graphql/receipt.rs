//! Fiscal e-receipts.

use super::UseCases;
use super::error::store_failed;
use super::node_id::Kind;
use super::scalars::{DateTime, Money};
use async_graphql::{Context, ID, Object, Result, SimpleObject};
use domain::receipt::ReceiptId;
use domain::standards::{CheckCode, ReceiptCode, ReceiptNo};

/// A fiscal e-receipt (财政电子票据). One per notice and agency.
pub struct Receipt(pub domain::receipt::Receipt);

/// A fiscal e-receipt (财政电子票据). One per notice and agency.
#[Object]
impl Receipt {
    /// Opaque.
    pub async fn id(&self) -> ID {
        let key = format!("{}:{}", self.0.id.code.as_str(), self.0.id.number.as_str());
        Kind::Receipt.id(&key)
    }

    /// 票据代码.
    async fn code(&self) -> &str {
        self.0.id.code.as_str()
    }

    /// 票据号码.
    async fn number(&self) -> &str {
        self.0.id.number.as_str()
    }

    /// 校验码: who has it may verify the receipt.
    async fn check_code(&self) -> &str {
        self.0.check_code.as_str()
    }

    /// With the late fee.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }

    /// When it was issued.
    async fn issued_at(&self) -> DateTime {
        self.0.issued_at.into()
    }

    /// The receipt that takes it back; null while it stands.
    async fn reversed_by(&self) -> Option<Receipt> {
        None // No receipt is reversed before money goes back.
    }

    /// Signed, valid five minutes; null until made.
    async fn pdf_url(&self) -> Option<String> {
        None // Not made yet.
    }
}

/// What everybody may know of a genuine receipt.
#[derive(Debug, Clone, SimpleObject)]
pub struct VerifiedReceipt {
    /// 票据代码.
    code: String,
    /// 票据号码.
    number: String,
    /// With the late fee.
    amount: Money,
    /// When it was issued.
    issued_at: DateTime,
    /// Was it taken back?
    reversed: bool,
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
    Ok(match found.map_err(|error| store_failed(&error))? {
        None => nothing,
        Some(receipt) => ReceiptVerification {
            valid: true,
            receipt: Some(VerifiedReceipt {
                code: receipt.id.code.as_str().to_owned(),
                number: receipt.id.number.as_str().to_owned(),
                amount: receipt.amount.into(),
                issued_at: receipt.issued_at.into(),
                reversed: false,
            }),
            refunded: Some(domain::money::Fen::ZERO.into()),
        },
    })
}

/// The receipt with this key, if the caller paid for it.
pub async fn own_receipt(ctx: &Context<'_>, key: &str) -> Result<Option<super::Node>> {
    let Some((code, number)) = key.split_once(':') else { return Ok(None) };
    let (Ok(code), Ok(number)) = (ReceiptCode::new(code), ReceiptNo::new(number)) else {
        return Ok(None);
    };
    let use_cases = ctx.data_unchecked::<UseCases>();
    let found = use_cases.receipts.find(&ReceiptId { code, number }).await;
    let Some(receipt) = found.map_err(|error| store_failed(&error))? else { return Ok(None) };
    let own = super::payment::own_payment(ctx, receipt.payment_no.as_str()).await?;
    Ok(own.map(|_| super::Node::Receipt(Receipt(receipt))))
}
