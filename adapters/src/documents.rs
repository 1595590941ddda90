//! Documents as PDF files: what stands on them, the font, the signed links.
//!
//! The font is the operator's, with the glyphs of Chinese; a file carries only those it uses.

mod canvas;
mod certificate;
mod font;
mod link;
mod pdf;
mod receipt;
mod year;

pub use font::{Font, FontFault};
pub use link::SignedLinks;

use async_trait::async_trait;
use domain::receipt::{CertificateSheet, DocumentPrinter, PrintFailed, ReceiptSheet, YearSheet};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Documents that are made at once; more wait, so that a rush of readers takes no more memory.
const AT_ONCE: usize = 2;

/// Prints PDF files with one font.
pub struct PdfPrinter {
    font: Arc<Font>,
    base_url: Arc<str>,
    turns: Semaphore,
}

impl PdfPrinter {
    /// Prints with this font; what is printed is verified below that address.
    pub fn new(font: Font, base_url: impl Into<Arc<str>>) -> Self {
        Self { font: Arc::new(font), base_url: base_url.into(), turns: Semaphore::new(AT_ONCE) }
    }

    /// Away from the threads that answer everybody else.
    async fn print(
        &self,
        draw: impl FnOnce(&Font) -> Result<Vec<u8>, PrintFailed> + Send + 'static,
    ) -> Result<Vec<u8>, PrintFailed> {
        let _turn = self.turns.acquire().await.map_err(|error| PrintFailed(error.into()))?;
        let font = Arc::clone(&self.font);
        let drawn = tokio::task::spawn_blocking(move || draw(&font)).await;
        drawn.map_err(|error| PrintFailed(error.into()))?
    }
}

#[async_trait]
impl DocumentPrinter for PdfPrinter {
    async fn receipt(&self, sheet: ReceiptSheet) -> Result<Vec<u8>, PrintFailed> {
        let verify_at = format!("{}/receipts/verify", self.base_url);
        self.print(move |font| receipt::draw(font, &sheet, &verify_at)).await
    }

    async fn certificate(&self, sheet: CertificateSheet) -> Result<Vec<u8>, PrintFailed> {
        let verify_at = format!("{}/certificates/verify", self.base_url);
        self.print(move |font| certificate::draw(font, &sheet, &verify_at)).await
    }

    async fn year(&self, sheet: YearSheet) -> Result<Vec<u8>, PrintFailed> {
        self.print(move |font| year::draw(font, &sheet)).await
    }
}

#[cfg(test)]
mod tests;
