//! Documents to keep: printed when they are fetched, by a link that is signed for one person
//! and lives five minutes.

use super::{FiledReceipt, ReceiptBook, ReceiptId, YearOfPayments, YearlyStatement};
use crate::casework::certificate::{Certificate, CertificateBook};
use crate::clock::Clock;
use crate::files::{FileStore, owned_files};
use crate::identity::{Person, PersonName, PersonStore, living};
use crate::ids::{FileId, PersonId, SerialNo};
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
    /// A file that somebody uploaded, as it came.
    File(FileId),
    /// A certificate.
    Certificate(SerialNo),
}

impl Document {
    /// What a printed file is called: ASCII, without a path.
    fn file_name(&self) -> String {
        match self {
            Self::Receipt(id) => {
                format!("receipt-{}-{}.pdf", id.code.as_str(), id.number.as_str())
            }
            Self::Year(year) => format!("payments-{year}.pdf"),
            Self::File(id) => format!("file-{id}"),
            Self::Certificate(serial) => format!("certificate-{serial}.pdf"),
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

/// A certificate as it is printed: its holder in full, the number masked, for whoever it is handed
/// to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateSheet {
    /// The certificate.
    pub certificate: Certificate,
    /// Printed at that time.
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
    async fn certificate(&self, sheet: CertificateSheet) -> Result<Vec<u8>, PrintFailed>;
    /// As many pages as it takes.
    async fn year(&self, sheet: YearSheet) -> Result<Vec<u8>, PrintFailed>;
}

/// A document as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentFile {
    /// ASCII, without a path.
    pub name: String,
    /// As browsers name its kind.
    pub media_type: &'static str,
    /// Its bytes.
    pub content: Vec<u8>,
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
    /// Prints; `None` where the service has no font, and then no link to print is made either.
    pub printer: Option<Arc<dyn DocumentPrinter>>,
    /// Receipts.
    pub receipts: Arc<dyn ReceiptBook>,
    /// Statements.
    pub years: Arc<YearlyStatement>,
    /// What citizens uploaded.
    pub files: Arc<dyn FileStore>,
    /// Certificates.
    pub certificates: Arc<dyn CertificateBook>,
    /// Names.
    pub persons: Arc<dyn PersonStore>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl Documents {
    /// How long a link lives.
    pub const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

    /// The token of a fresh link for this person; `None` where it cannot be printed.
    pub fn link(&self, person: &PersonId, document: Document) -> Option<String> {
        match &document {
            Document::File(_) => {}
            Document::Receipt(_) | Document::Year(_) | Document::Certificate(_) => {
                self.printer.as_ref()?;
            }
        }
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
        let now = self.clock.now();
        if let Document::File(id) = &claim.document {
            return self.uploaded(id, &claim.person, now).await;
        }
        let Some(printer) = &self.printer else { return Ok(Opened::Unknown) };
        let printed = self.printed(printer.as_ref(), &claim, now).await?;
        Ok(printed.map_or(Opened::Unknown, |content| {
            let (name, media_type) = (claim.document.file_name(), "application/pdf");
            Opened::File(DocumentFile { name, media_type, content })
        }))
    }

    async fn uploaded(
        &self,
        id: &FileId,
        person: &PersonId,
        now: Timestamp,
    ) -> Result<Opened, OpenDocumentError> {
        let owner = living(self.persons.as_ref(), person).await?;
        let owners = owner.as_ref().map_or_else(|| vec![person.clone()], Person::ids);
        let found =
            owned_files(self.files.as_ref(), &owners, std::slice::from_ref(id), now).await?;
        let Some(file) = found.into_iter().next() else { return Ok(Opened::Unknown) };
        let content = self.files.read_file(id).await?;
        Ok(content.map_or(Opened::Unknown, |content| {
            let (name, media_type) = (file.file_name(), file.kind.media_type());
            Opened::File(DocumentFile { name, media_type, content })
        }))
    }

    /// `None` when it is not the person's.
    async fn printed(
        &self,
        printer: &dyn DocumentPrinter,
        claim: &DocumentClaim,
        printed_at: Timestamp,
    ) -> Result<Option<Vec<u8>>, OpenDocumentError> {
        match &claim.document {
            Document::Receipt(id) => {
                let found = self.receipts.find(id).await?;
                let Some(filed) = found.filter(|filed| filed.person == claim.person) else {
                    return Ok(None);
                };
                Ok(Some(printer.receipt(ReceiptSheet { filed, printed_at }).await?))
            }
            Document::Year(year) => {
                let person = living(self.persons.as_ref(), &claim.person).await?;
                let owners =
                    person.as_ref().map_or_else(|| vec![claim.person.clone()], Person::ids);
                let Some(year) = self.years.run(&owners, *year).await? else {
                    return Ok(None);
                };
                let payer = person.and_then(|p| p.real_name).map(|proved| proved.name);
                Ok(Some(printer.year(YearSheet { year, payer, printed_at }).await?))
            }
            Document::Certificate(serial) => {
                let found = self.certificates.find_certificate(serial).await?;
                let own = found.filter(|certificate| certificate.person == claim.person);
                let Some(certificate) = own else { return Ok(None) };
                Ok(Some(printer.certificate(CertificateSheet { certificate, printed_at }).await?))
            }
            Document::File(_) => Ok(None),
        }
    }
}
