//! What a scanned code means. Only what this service prints is understood; everything else is
//! refused with its reason, addresses of others above all: nobody is led away from here by a
//! sticker on a wall. Reading decides nothing: a number may still be nobody's.

use crate::casework::certificate::AuthorisationCode;
use crate::casework::lottery::Issue;
use crate::catalogue::AppSlug;
use crate::ids::{BookingNo, CaseNo, DeliveryNo, PaymentNo, RefundNo, SerialNo};
use crate::notice::NoticeNo;
use crate::receipt::ReceiptId;
use crate::standards::{CheckCode, NoticeQr, NoticeQrInvalid, PayCode, ReceiptCode, ReceiptNo};

/// Longer than any code that we print; a QR code of this size is unreadable on paper.
pub const SCAN_MAX: usize = 2_048;
/// Longer than any link that we seal.
const TOKEN_MAX: usize = 1_600;

/// What a code of ours means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scanned {
    /// The 20-digit payment code of a notice.
    PayCode(PayCode),
    /// A notice's number.
    Notice(NoticeNo),
    /// The QR text of a paper notice.
    NoticeQr(NoticeQr),
    /// The address on a receipt.
    Receipt(ReceiptId, CheckCode),
    /// The address on a certificate.
    Certificate(SerialNo, AuthorisationCode),
    /// The address by which somebody is asked to pay for another: its token, still sealed.
    PayLink(String),
    /// The address of an app.
    App(AppSlug),
    /// The address of what is published of a draw.
    Draw(AppSlug, Issue),
    /// A number that stands on something of ours. It opens nothing but to its owner.
    Own(OwnNo),
}

/// Our own number of something, as it is shown for somebody to scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnNo {
    /// Of an appointment: shown at the counter.
    Booking(BookingNo),
    /// Of a case: on what was handed out for it.
    Case(CaseNo),
    /// Of a payment: the merchant's order number on every bill of a rail.
    Payment(PaymentNo),
    /// Of a refund: the merchant's refund number there.
    Refund(RefundNo),
    /// Of a parcel: the customer's order number on its label.
    Delivery(DeliveryNo),
    /// Of a certificate: printed on it in letters.
    Certificate(SerialNo),
}

impl OwnNo {
    /// The number of that text; `None` where it has not the shape that we give to any, letter by
    /// letter: two letters of its kind, a time of so many digits, so many random characters.
    fn new(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_at_checked(2)?;
        let (digits, random) = match kind {
            "YJ" => (20, 10),
            "ZM" => (8, 12),
            _ => (14, 12),
        };
        let (time, tail) = rest.split_at_checked(digits)?;
        let letter = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase();
        let shaped = time.bytes().all(|b| b.is_ascii_digit())
            && tail.len() == random
            && tail.bytes().all(letter);
        match kind {
            _ if !shaped => None,
            "YY" => BookingNo::new(text).ok().map(Self::Booking),
            "YJ" => CaseNo::new(text).ok().map(Self::Case),
            "YW" => PaymentNo::new(text).ok().map(Self::Payment),
            "YT" => RefundNo::new(text).ok().map(Self::Refund),
            "YD" => DeliveryNo::new(text).ok().map(Self::Delivery),
            "ZM" => SerialNo::new(text).ok().map(Self::Certificate),
            _ => None,
        }
    }
}

/// Why a text is no code of ours.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum ScanRefused {
    /// More than [`SCAN_MAX`] bytes.
    #[error("longer than {SCAN_MAX} bytes")]
    TooLong,
    /// An address of somebody else, or one that only looks like ours.
    #[error("an address of somebody else")]
    Foreign,
    /// An address of ours that no code leads to.
    #[error("an address of ours that means nothing")]
    UnknownPage,
    /// A notice's QR text whose check codes do not fit: it was edited.
    #[error("the notice's code was edited")]
    Edited,
    /// Nothing that we print.
    #[error("no code of ours")]
    Unknown,
}

/// Where this service is reached: what stands before the path in every address that we print.
#[derive(Debug, Clone)]
pub struct OwnAddress(String);

impl OwnAddress {
    /// Of the public address, as the settings have it: `https://yiwang.example.gov.cn`.
    pub fn new(public_url: &str) -> Self {
        Self(public_url.trim_end_matches('/').to_owned())
    }

    /// The address that opens an app.
    pub fn of_app(&self, app: &AppSlug) -> String {
        format!("{}/apps/{app}", self.0)
    }

    /// The meaning of a scanned text.
    ///
    /// # Errors
    /// [`ScanRefused`]: the first that fits.
    pub fn read(&self, text: &str) -> Result<Scanned, ScanRefused> {
        if text.len() > SCAN_MAX {
            return Err(ScanRefused::TooLong);
        }
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        let address = is_address(text);
        // All that we print is plain ASCII: a character that cannot be seen, is turned round or
        // looks like another one is never ours.
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(if address { ScanRefused::Foreign } else { ScanRefused::Unknown });
        }
        if address {
            return self.read_address(text);
        }
        if text.contains('|') {
            return NoticeQr::new(text).map(Scanned::NoticeQr).map_err(edited);
        }
        if let Ok(code) = PayCode::new(text) {
            return Ok(Scanned::PayCode(code));
        }
        if let Some(no) = OwnNo::new(text) {
            return Ok(Scanned::Own(no));
        }
        NoticeNo::new(text).map(Scanned::Notice).or(Err(ScanRefused::Unknown))
    }

    fn read_address(&self, text: &str) -> Result<Scanned, ScanRefused> {
        let path = self.path_of(text).ok_or(ScanRefused::Foreign)?;
        // Where nothing is ever escaped, nothing can be read in two ways.
        if path.contains(['%', '\\', '#', '@']) || path.contains("..") || path.contains("//") {
            return Err(ScanRefused::UnknownPage);
        }
        let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
        let found = match (path, query) {
            ("/receipts/verify", Some(query)) => receipt(query),
            ("/certificates/verify", Some(query)) => certificate(query),
            (path, None) => page(path),
            (_, Some(_)) => None,
        };
        found.ok_or(ScanRefused::UnknownPage)
    }

    /// What follows our own address, from its `/` on; `None` for every other address. The whole of
    /// scheme, host and port must be ours, letter by letter: nothing is parsed that two programs
    /// could parse differently.
    fn path_of<'a>(&self, text: &'a str) -> Option<&'a str> {
        let (own, path) = text.split_at_checked(self.0.len())?;
        // Codes of capital letters alone are smaller; a scheme and a host mean the same in them.
        (own.eq_ignore_ascii_case(&self.0) && path.starts_with('/')).then_some(path)
    }
}

/// Does the text lead somewhere, by whatever scheme?
fn is_address(text: &str) -> bool {
    let scheme = text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.chars().next().is_some_and(char::is_alphabetic) && !scheme.contains('|')
    });
    let beginnings = ["//", "\\\\", "/", "www."];
    scheme || beginnings.iter().any(|begin| text.starts_with(begin)) || text.contains("://")
}

fn edited(why: NoticeQrInvalid) -> ScanRefused {
    match why {
        NoticeQrInvalid::NumberCheck | NoticeQrInvalid::WholeCheck => ScanRefused::Edited,
        NoticeQrInvalid::Parts | NoticeQrInvalid::Digits => ScanRefused::Unknown,
    }
}

fn page(path: &str) -> Option<Scanned> {
    if let Some(token) = path.strip_prefix("/pay/") {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        let fits = (1..=TOKEN_MAX).contains(&token.len()) && token.bytes().all(plain);
        return fits.then(|| Scanned::PayLink(token.to_owned()));
    }
    if let Some(draw) = path.strip_prefix("/lottery/") {
        let (app, rest) = draw.split_once('/')?;
        let (issue, text) = rest.split_once('/')?;
        let known = ["", "draw.txt", "eligible.txt", "winners.txt"].contains(&text);
        let draw = AppSlug::new(app).ok().zip(Issue::new(issue).ok());
        return draw.filter(|_| known).map(|(app, issue)| Scanned::Draw(app, issue));
    }
    AppSlug::new(path.strip_prefix("/apps/")?).ok().map(Scanned::App)
}

fn receipt(query: &str) -> Option<Scanned> {
    let [code, number, check] = values(query, ["code", "number", "check"])?;
    let id = ReceiptId { code: ReceiptCode::new(code).ok()?, number: ReceiptNo::new(number).ok()? };
    Some(Scanned::Receipt(id, CheckCode::new(check).ok()?))
}

fn certificate(query: &str) -> Option<Scanned> {
    let [serial, code] = values(query, ["serial", "code"])?;
    let code = AuthorisationCode::new(code).ok()?;
    Some(Scanned::Certificate(SerialNo::new(serial).ok()?, code))
}

/// The values of exactly these keys, in whatever order; none twice, no other one.
fn values<'a, const N: usize>(query: &'a str, keys: [&str; N]) -> Option<[&'a str; N]> {
    let mut found = [None; N];
    for part in query.split('&') {
        let (key, value) = part.split_once('=')?;
        let at = keys.iter().position(|known| *known == key)?;
        if found.get_mut(at)?.replace(value).is_some() {
            return None;
        }
    }
    let mut all = [""; N];
    for (place, value) in all.iter_mut().zip(found) {
        *place = value?;
    }
    Some(all)
}

#[cfg(test)]
#[path = "scan_tests.rs"]
mod tests;
