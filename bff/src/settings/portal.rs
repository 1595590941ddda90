//! How much of the portal for client developers there is.

use super::Mode;
use super::reader::Reader;
use crate::portal::PortalMode;

/// Everything in a demo, nothing in production. Trying is for demos: it would be an open hand to
/// real data, and documents that are not trusted are refused there anyway.
pub(super) fn mode(reader: &mut Reader<'_>, mode: Mode) -> PortalMode {
    let usual = match mode {
        Mode::Demo => PortalMode::Try,
        Mode::Production => PortalMode::Off,
    };
    let word = reader.text("portal").filter(|word| !word.is_empty());
    let wanted = word.as_deref().map_or(Some(usual), PortalMode::from_code);
    match (mode, wanted) {
        (_, None) => {
            reader.fault("portal", "must be off, read or try".to_owned());
            PortalMode::Off
        }
        (Mode::Production, Some(PortalMode::Try)) => {
            reader.fault("portal", "production has pages to read at most: off or read".to_owned());
            PortalMode::Off
        }
        (Mode::Demo | Mode::Production, Some(wanted)) => wanted,
    }
}
