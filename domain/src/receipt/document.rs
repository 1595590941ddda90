//! Documents to keep: printed when they are fetched, by a link that is signed for one person
//! and lives five minutes.

use super::{FiledReceipt, ReceiptBook, ReceiptId, YearOfPayments, YearlyStatement};
use crate::clock::Clock;
use crate::identity::{Person, PersonName, PersonStore, living};
use crate::ids::PersonId;
use crate::outside::{BoxError, StoreError};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// What can be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// A receipt, red-letter ones included.
    Receipt(ReceiptId),
    /// The statement of a year.
    Year(i16),
}

impl Document {
    /// What the file is called: ASCII, without a path.
    pub fn file_name(&self) -> String {
        match self {
            Self::Receipt(id) => {
                format!("receipt-{}-{}.pdf", id.code.as_str(), id.number.as_str())
            }
            Self::Year(year) => format!("payments-{year}.pdf"),
        }
    }
}

/// What a link stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentClaim {
    /// Which document.
    pub document: Document,
    /// For whom it was made; the document must be theirs when it is fetched.
    pub person: PersonId,
    /// The link is dead from here on; whole seconds.
    pub expires_at: Timestamp,
}

/// Makes texts that only this service can make.
pub trait DocumentLinks: Send + Sync {
    /// The claim as a text for a URL.
    fn sign(&self, claim: &DocumentClaim) -> String;
    /// The claim of a text that [`DocumentLinks::sign`] made; `None` for every other text. MUST
    /// compare in constant time. Says nothing about time.
    fn open(&self, token: &str) -> Option<DocumentClaim>;
}

/// A receipt and what must be told beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptSheet {
    /// The receipt. Its payer is printed masked: the link needs no sign-in.
    pub filed: FiledReceipt,
    /// Printed at that time.
    pub printed_at: Timestamp,
}

/// A year's payments and whose they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YearSheet {
    /// The payments.
    pub year: YearOfPayments,
    /// Who paid, where the person has proved a name; printed masked.
    pub payer: Option<PersonName>,
    /// Printed at that time; refunds are those known by then.
    pub printed_at: Timestamp,
}

/// The document could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the document could not be printed")]
pub struct PrintFailed(#[source] pub BoxError);

/// Makes PDF files.
#[async_trait]
pub trait DocumentPrinter: Send + Sync {
    /// One page.
    async fn receipt(&self, sheet: ReceiptSheet) -> Result<Vec<u8>, PrintFailed>;
    /// As many pages as it takes.
    async fn year(&self, sheet: YearSheet) -> Result<Vec<u8>, PrintFailed>;
}

/// A printed document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentFile {
    /// See [`Document::file_name`].
    pub name: String,
    /// The PDF file.
    pub pdf: Vec<u8>,
}

/// What a link leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The document.
    File(DocumentFile),
    /// It was a good link; its time is over.
    Expired,
    /// No link of ours, or the document is not the person's.
    Unknown,
}

/// Why a document was not made.
#[derive(Debug, thiserror::Error)]
pub enum OpenDocumentError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The printer failed.
    #[error(transparent)]
    Print(#[from] PrintFailed),
}

/// Use case: links to documents, and what they lead to.
pub struct Documents {
    /// Signs.
    pub links: Arc<dyn DocumentLinks>,
    /// Prints; `None` where the service has no font, and then no link is made either.
    pub printer: Option<Arc<dyn DocumentPrinter>>,
    /// Receipts.
    pub receipts: Arc<dyn ReceiptBook>,
    /// Statements.
    pub years: Arc<YearlyStatement>,
    /// Names.
    pub persons: Arc<dyn PersonStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Documents {
    /// How long a link lives.
    pub const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

    /// The token of a fresh link for this person; `None` where nothing can be printed.
    pub fn link(&self, person: &PersonId, document: Document) -> Option<String> {
        self.printer.as_ref()?;
        let second = Timestamp::from_second(self.clock.now().as_second()).ok()?;
        let expires_at = second + Self::LIFETIME;
        let claim = DocumentClaim { document, person: person.clone(), expires_at };
        Some(self.links.sign(&claim))
    }

    /// What the token leads to now.
    ///
    /// # Errors
    /// [`OpenDocumentError`].
    pub async fn open(&self, token: &str) -> Result<Opened, OpenDocumentError> {
        let Some(claim) = self.links.open(token) else { return Ok(Opened::Unknown) };
        if self.clock.now() >= claim.expires_at {
            return Ok(Opened::Expired);
        }
        let Some(printer) = &self.printer else { return Ok(Opened::Unknown) };
        let printed_at = self.clock.now();
        let pdf = match &claim.document {
            Document::Receipt(id) => {
                let found = self.receipts.find(id).await?;
                let Some(filed) = found.filter(|filed| filed.person == claim.person) else {
                    return Ok(Opened::Unknown);
                };
                printer.receipt(ReceiptSheet { filed, printed_at }).await?
            }
            Document::Year(year) => {
                let person = living(self.persons.as_ref(), &claim.person).await?;
                let owners =
                    person.as_ref().map_or_else(|| vec![claim.person.clone()], Person::ids);
                let Some(year) = self.years.run(&owners, *year).await? else {
                    return Ok(Opened::Unknown);
                };
                let payer = person.and_then(|p| p.real_name).map(|proved| proved.name);
                printer.year(YearSheet { year, payer, printed_at }).await?
            }
        };
        Ok(Opened::File(DocumentFile { name: claim.document.file_name(), pdf }))
    }
}
