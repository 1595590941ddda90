//! Documents: the font of the settings, the key of their links.

use super::{StartupError, part};
use crate::http::files::Uploads;
use crate::settings::{Mode, Settings};
use adapters::documents::{Font, PdfPrinter, SignedLinks};
use adapters::store::{NamedKey, Store};
use domain::clock::{Clock, IdSource};
use domain::files::{SweepFiles, UploadFile};
use domain::receipt::{DocumentPrinter, Documents, VerifyReceipt, YearlyStatement};
use std::path::Path;
use std::sync::Arc;

/// The use case over this store.
pub(super) fn documents(
    settings: &Settings,
    public_url: &str,
    store: &Arc<Store>,
    clock: Arc<dyn Clock>,
) -> Result<Documents, StartupError> {
    let years = YearlyStatement { paid: store.clone(), given_back: store.clone() };
    Ok(Documents {
        links: Arc::new(links(settings)?),
        printer: printer(settings, public_url)?,
        receipts: store.clone(),
        years: Arc::new(years),
        files: store.clone(),
        certificates: store.clone(),
        persons: store.clone(),
        clock,
    })
}

/// Takes files in, over this store.
pub(super) fn uploads(
    settings: &Settings,
    store: &Arc<Store>,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn IdSource>,
) -> Uploads {
    Uploads::new(Arc::new(UploadFile {
        files: store.clone(),
        most_bytes: settings.files.most_bytes,
        quota: settings.files.quota,
        clock: clock.clone(),
        ids: ids.clone(),
    }))
}

/// Throws away what goes with nothing.
pub(super) fn sweeping(store: &Arc<Store>, clock: &Arc<dyn Clock>) -> Arc<SweepFiles> {
    Arc::new(SweepFiles { files: store.clone(), clock: clock.clone() })
}

/// Anybody's check of a receipt of this store.
pub(super) fn verification(store: &Arc<Store>) -> VerifyReceipt {
    VerifyReceipt { receipts: store.clone(), given_back: store.clone() }
}

/// `documents.key` signs; what `documents.old.key` signed still opens, where there is one.
fn links(settings: &Settings) -> Result<SignedLinks, StartupError> {
    let file = settings.key_dir.join("documents.key");
    let current = match settings.mode {
        Mode::Demo => NamedKey::ensure_file(&file).and_then(|()| NamedKey::from_file(&file)),
        Mode::Production => NamedKey::from_file(&file),
    };
    let current = current.map_err(part("the key of document links"))?;
    let old = settings.key_dir.join("documents.old.key");
    let older = if old.exists() {
        vec![NamedKey::from_file(&old).map_err(part("the old key of document links"))?]
    } else {
        Vec::new()
    };
    Ok(SignedLinks::new(&current, &older))
}

/// A demo goes on without a font, and says what to do; production does not start.
fn printer(
    settings: &Settings,
    public_url: &str,
) -> Result<Option<Arc<dyn DocumentPrinter>>, StartupError> {
    let path = settings.font.as_deref().unwrap_or_else(|| Path::new(""));
    match Font::load(path) {
        Ok(font) => Ok(Some(Arc::new(PdfPrinter::new(font, public_url)))),
        Err(fault) if settings.mode == Mode::Production => {
            Err(part("the font of documents (YIWANG_FONT)")(fault))
        }
        Err(fault) => {
            tracing::warn!(
                why = %crate::graphql::error::chain(&fault),
                "no PDF documents: install the package fonts-wqy-microhei (Debian, Ubuntu), or \
                 name a TrueType or OpenType font for Chinese in YIWANG_FONT, and start again"
            );
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Environment;

    fn printing(mode: Mode, font: &str) -> Result<bool, StartupError> {
        let environment: Environment =
            [("YIWANG_FONT".to_owned(), font.to_owned())].into_iter().collect();
        let settings = Settings { mode, ..Settings::load(&environment).unwrap() };
        printer(&settings, "http://127.0.0.1:8080").map(|printer| printer.is_some())
    }

    #[test]
    fn without_a_font_for_chinese_a_demo_prints_nothing_and_production_does_not_start() {
        let no_font = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        for font in ["/nowhere/font.ttf", no_font] {
            assert!(!printing(Mode::Demo, font).unwrap(), "{font}");
            let told = crate::graphql::error::chain(&printing(Mode::Production, font).unwrap_err());
            assert!(told.contains("YIWANG_FONT") && told.contains(font), "{told}");
        }
        assert!(printing(Mode::Production, crate::settings::DEMO_FONT).unwrap());
    }
}
