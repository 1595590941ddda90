//! The use cases over stores and a gateway in memory.

use super::*;
use crate::fakes::samples::{self, at};
use crate::fakes::{FakeClock, FakeGateway, FaultPlan, InMemoryStore};
use crate::files::{FileKind, FileStore, NewFile, Quota, Sha256};
use crate::ids::{FileId, PersonId, RefundNo};
use crate::money::{Fen, PayableFen};
use crate::outside::OutsideError;
use crate::payment::{
    EventReason, Evidence, OutboxItem, OutboxKind, OutboxStore, Payment, PaymentEvent,
    PaymentStore, ReceiptReversal, Reversal, ReversalRequest,
};
use crate::standards::CheckCode;
use async_trait::async_trait;
use jiff::SignedDuration;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Polls until done; the fakes wake nobody.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}

/// A payment of 206.00 by P1 whose money came `seconds` after the beginning.
fn paid(store: &InMemoryStore, number: u32, seconds: i64) -> Payment {
    let (no, notice) = (format!("YW{number:06}"), format!("330000001FS{number}"));
    let payment = samples::payment(&no, &notice, 20_600);
    wait(PaymentStore::insert(store, &payment, &samples::started())).unwrap();
    let money = crate::payment::Money { at: at(seconds), ..samples::money(&no, 20_600) };
    let reason = (EventReason::RailConfirmed, Some(Evidence::Callback("E1".to_owned())));
    let change = payment.after(PaymentEvent::Confirm(money), reason, at(20)).unwrap();
    wait(PaymentStore::save(store, &change)).unwrap();
    change.payment
}

fn filed(store: &InMemoryStore, number: u32) -> FiledReceipt {
    let payment = paid(store, number, 10);
    let filed = FiledReceipt::of(samples::receipt(&payment, 0, number), &payment, None).unwrap();
    let item = OutboxItem {
        payment_no: payment.no.clone(),
        notice_no: filed.receipt.notice_no.clone(),
        kind: OutboxKind::IssueReceipt,
    };
    wait(store.receipted(&item, &filed, &[])).unwrap();
    filed
}

fn reversing(store: &InMemoryStore) -> ReverseReceipts {
    let gateway = Arc::new(FakeGateway::new(Vec::new(), Arc::new(FaultPlan::default())));
    let book = Arc::new(store.clone());
    ReverseReceipts {
        receipts: book.clone(),
        payments: book,
        items: Arc::new(samples::items()),
        gateway,
    }
}

fn request(of: &FiledReceipt, refund: &str) -> ReversalRequest {
    ReversalRequest {
        refund_no: RefundNo::new(refund).unwrap(),
        notice_no: of.receipt.notice_no.clone(),
        payment_no: of.receipt.payment_no.clone(),
        reason: "重复缴款退付".to_owned(),
    }
}

fn find(store: &InMemoryStore, id: &ReceiptId) -> FiledReceipt {
    wait(ReceiptBook::find(store, id)).unwrap().unwrap()
}

fn verified(store: &InMemoryStore, id: &ReceiptId, check: &str) -> Option<Verified> {
    let book = Arc::new(store.clone());
    let verify = VerifyReceipt { receipts: book.clone(), given_back: book };
    wait(verify.run(id, &CheckCode::new(check).unwrap())).unwrap()
}

#[test]
fn a_receipt_is_taken_back_once_and_linked_both_ways() {
    let store = InMemoryStore::new();
    let (reversing, original) = (reversing(&store), filed(&store, 1));
    for _ in 0..2 {
        let told = wait(reversing.reverse(&request(&original, "YT000001"))).unwrap();
        assert_eq!(told, Reversal::Reversed);
    }
    let taken_back = find(&store, &original.receipt.id);
    let red = find(&store, &taken_back.reversed_by.unwrap());
    let letter = red.red_letter.clone().unwrap();
    assert_eq!(letter.original, original.receipt.id);
    assert_eq!((letter.refund_no.as_str(), letter.reason.as_str()), ("YT000001", "重复缴款退付"));
    assert_eq!((red.signed_amount(), &red.items), (Fen::new(-20_600), &original.items));
    let of = &original.receipt;
    let chain = wait(store.list_chain(&of.payment_no, &of.notice_no)).unwrap();
    assert_eq!(chain.len(), 2, "asked twice, taken back once");
}

#[test]
fn a_receipt_of_the_rest_takes_the_place_and_can_be_taken_back_itself() {
    let store = InMemoryStore::new();
    let (reversing, original) = (reversing(&store), filed(&store, 1));
    let first = request(&original, "YT000001");
    let rest = PayableFen::new(15_000).unwrap();
    assert_eq!(wait(reversing.replace(&first, rest)).unwrap(), Reversal::Reversed);
    let of = &original.receipt;
    let chain = || wait(store.list_chain(&of.payment_no, &of.notice_no)).unwrap();
    assert_eq!(chain().len(), 1, "the original stands: there is nothing to replace");
    wait(reversing.reverse(&first)).unwrap();
    for _ in 0..2 {
        assert_eq!(wait(reversing.replace(&first, rest)).unwrap(), Reversal::Reversed);
    }
    let replaced = chain();
    let standing: Vec<_> = replaced
        .iter()
        .filter(|filed| filed.red_letter.is_none() && filed.reversed_by.is_none())
        .collect();
    assert_eq!((replaced.len(), standing.len()), (3, 1));
    assert_eq!(standing[0].receipt.amount, Fen::new(15_000));
    assert_eq!(standing[0].items[0].amount, Fen::new(15_000));
    assert_eq!(standing[0].items[0].name, original.items[0].name);
    let back = verified(&store, &of.id, "a1B2c3").unwrap();
    assert_eq!(back.refunded, Fen::new(5_600), "the original tells what went back");
    wait(reversing.reverse(&request(&original, "YT000002"))).unwrap();
    assert_eq!(chain().len(), 4, "a second refund takes the receipt of the rest back");
    assert_eq!(verified(&store, &of.id, "a1B2c3").unwrap().refunded, Fen::new(20_600));
}

#[test]
fn what_is_not_issued_is_not_taken_back() {
    let store = InMemoryStore::new();
    let (reversing, original) = (reversing(&store), filed(&store, 1));
    let mut other = request(&original, "YT000001");
    other.notice_no = samples::notice_no("330000001FS9");
    assert_eq!(wait(reversing.reverse(&other)).unwrap(), Reversal::NotIssuedYet);
    wait(reversing.reverse(&request(&original, "YT000001"))).unwrap();
    let second = wait(reversing.reverse(&request(&original, "YT000002"))).unwrap();
    assert_eq!(second, Reversal::NotIssuedYet, "until the rest has a receipt");
}

/// A gateway that takes something else back than it was asked to.
struct Confused(Receipt);

#[async_trait]
impl RedReceiptIssuer for Confused {
    async fn reverse(&self, _: &Receipt, _: &ReversalRequest) -> Result<Receipt, OutsideError> {
        Ok(self.0.clone())
    }

    async fn replace(&self, _: &WriteOff, _: &ReceiptId) -> Result<Receipt, OutsideError> {
        Ok(self.0.clone())
    }
}

#[test]
fn another_receipt_than_the_one_asked_for_is_not_filed() {
    let store = InMemoryStore::new();
    let (one, two) = (filed(&store, 1), filed(&store, 2));
    let less = Receipt { amount: Fen::new(1), ..two.receipt.clone() };
    for answer in [one.receipt.clone(), two.receipt.clone(), less] {
        let gateway = Arc::new(Confused(answer));
        let book = Arc::new(store.clone());
        let reversing = ReverseReceipts {
            receipts: book.clone(),
            payments: book,
            items: Arc::new(samples::items()),
            gateway,
        };
        let told = wait(reversing.reverse(&request(&one, "YT000001")));
        assert!(matches!(told, Err(OutsideError::OutcomeUnknown(_))));
    }
    assert_eq!(find(&store, &one.receipt.id), one);
}

#[test]
fn a_wrong_check_code_looks_like_a_receipt_that_was_never_issued() {
    let store = InMemoryStore::new();
    let original = filed(&store, 1);
    let id = &original.receipt.id;
    let genuine = verified(&store, id, "a1B2c3").unwrap();
    assert_eq!((genuine.filed.reversed_by, genuine.refunded), (None, Fen::ZERO));
    assert_eq!(verified(&store, id, "a1B2c4"), None);
    let number = crate::standards::ReceiptNo::new("0000000099").unwrap();
    let never = ReceiptId { number, ..id.clone() };
    assert_eq!(verified(&store, &never, "a1B2c3"), None);
    wait(reversing(&store).reverse(&request(&original, "YT000001"))).unwrap();
    let taken_back = verified(&store, id, "a1B2c3").unwrap();
    assert_eq!(taken_back.refunded, Fen::new(20_600));
    let red = taken_back.filed.reversed_by.unwrap();
    let red = verified(&store, &red, "a1B2c3").unwrap();
    assert_eq!((red.refunded, red.filed.signed_amount()), (Fen::ZERO, Fen::new(-20_600)));
}

fn years(store: &InMemoryStore) -> YearlyStatement {
    let book = Arc::new(store.clone());
    YearlyStatement { paid: book.clone(), given_back: book }
}

#[test]
fn a_year_has_all_that_was_paid_in_it_over_many_pages() {
    let store = InMemoryStore::new();
    let p1 = PersonId::new("P1").unwrap();
    // Seconds from 2026-03-02 10:00 Beijing to the year's first and last.
    let first = -(60 * 86_400 + 10 * 3_600);
    let last = first + 365 * 86_400 - 1;
    for (number, seconds) in [(900, first - 1), (901, first), (902, last), (903, last + 1)] {
        paid(&store, number, seconds);
    }
    for number in 1..=248 {
        paid(&store, number, 10);
    }
    let back = filed(&store, 950);
    wait(reversing(&store).reverse(&request(&back, "YT000001"))).unwrap();
    let year = wait(years(&store).run(std::slice::from_ref(&p1), 2026)).unwrap().unwrap();
    assert_eq!((year.lines.len(), year.complete), (251, true));
    assert_eq!(year.paid, Fen::new(251 * 20_600));
    assert_eq!((year.refunded, year.kept()), (Fen::new(20_600), Fen::new(250 * 20_600)));
    let mut numbers: Vec<_> = year.lines.iter().map(|line| line.payment.no.as_str()).collect();
    assert_eq!((numbers[0], numbers[250]), ("YW000901", "YW000902"));
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 251, "each once");
    let p2 = PersonId::new("P2").unwrap();
    let nothing = wait(years(&store).run(std::slice::from_ref(&p2), 2026)).unwrap().unwrap();
    assert_eq!((nothing.lines.len(), nothing.paid, nothing.complete), (0, Fen::ZERO, true));
    assert_eq!(wait(years(&store).run(std::slice::from_ref(&p1), -5)).unwrap(), None);
}

#[test]
fn money_that_went_back_without_a_receipt_is_told_as_well() {
    let store = InMemoryStore::new();
    let no = paid(&store, 1, 10).no;
    for event in [PaymentEvent::StartRefund, PaymentEvent::RefundRest] {
        let payment = wait(PaymentStore::find(&store, &no)).unwrap().unwrap();
        let reason = (EventReason::RailConfirmed, Some(Evidence::Callback("E2".to_owned())));
        let change = payment.after(event, reason, at(30)).unwrap();
        wait(PaymentStore::save(&store, &change)).unwrap();
    }
    let p1 = PersonId::new("P1").unwrap();
    let year = wait(years(&store).run(std::slice::from_ref(&p1), 2026)).unwrap().unwrap();
    assert_eq!((year.paid, year.refunded), (Fen::new(20_600), Fen::new(20_600)));
}

#[test]
fn a_year_of_too_many_payments_says_that_it_is_not_complete() {
    let store = InMemoryStore::new();
    let most = u32::try_from(YearlyStatement::MAX_LINES).unwrap();
    for number in 1..=most {
        paid(&store, number, 10);
    }
    let p1 = PersonId::new("P1").unwrap();
    assert!(wait(years(&store).run(std::slice::from_ref(&p1), 2026)).unwrap().unwrap().complete);
    paid(&store, most + 1, 10);
    let year = wait(years(&store).run(std::slice::from_ref(&p1), 2026)).unwrap().unwrap();
    assert_eq!((year.lines.len(), year.complete), (YearlyStatement::MAX_LINES, false));
}

/// Signs by writing down.
#[derive(Default)]
struct PaperLinks(std::sync::Mutex<Vec<DocumentClaim>>);

impl DocumentLinks for PaperLinks {
    fn sign(&self, claim: &DocumentClaim) -> String {
        let mut claims = self.0.lock().unwrap();
        claims.push(claim.clone());
        (claims.len() - 1).to_string()
    }

    fn open(&self, token: &str) -> Option<DocumentClaim> {
        self.0.lock().unwrap().get(token.parse::<usize>().ok()?).cloned()
    }
}

/// Prints the number of a receipt, and the sum of a year.
struct Typewriter;

#[async_trait]
impl DocumentPrinter for Typewriter {
    async fn receipt(&self, sheet: ReceiptSheet) -> Result<Vec<u8>, PrintFailed> {
        Ok(sheet.filed.receipt.id.number.as_str().as_bytes().to_vec())
    }

    async fn year(&self, sheet: YearSheet) -> Result<Vec<u8>, PrintFailed> {
        Ok(sheet.year.paid.to_string().into_bytes())
    }

    async fn certificate(&self, sheet: CertificateSheet) -> Result<Vec<u8>, PrintFailed> {
        Ok(sheet.certificate.title.into_bytes())
    }
}

fn documents(store: &InMemoryStore, clock: &Arc<FakeClock>) -> Documents {
    let book = Arc::new(store.clone());
    Documents {
        links: Arc::new(PaperLinks::default()),
        printer: Some(Arc::new(Typewriter)),
        receipts: book.clone(),
        years: Arc::new(years(store)),
        files: book.clone(),
        certificates: book.clone(),
        persons: book,
        clock: clock.clone(),
    }
}

#[test]
fn a_link_leads_its_person_to_the_document_for_five_minutes() {
    let store = InMemoryStore::new();
    let clock = Arc::new(FakeClock::at(at(100)));
    let documents = documents(&store, &clock);
    let id = filed(&store, 1).receipt.id;
    let p1 = PersonId::new("P1").unwrap();
    let receipt = documents.link(&p1, Document::Receipt(id.clone())).unwrap();
    let year = documents.link(&p1, Document::Year(2026)).unwrap();
    let file = |name: &str, text: &str| {
        let (name, content) = (name.to_owned(), text.as_bytes().to_vec());
        Opened::File(DocumentFile { name, media_type: "application/pdf", content })
    };
    clock.advance(SignedDuration::from_secs(299));
    let opened = wait(documents.open(&receipt)).unwrap();
    assert_eq!(opened, file("receipt-33030126-0000000001.pdf", "0000000001"));
    assert_eq!(wait(documents.open(&year)).unwrap(), file("payments-2026.pdf", "206.00"));
    clock.advance(SignedDuration::from_secs(1));
    assert_eq!(wait(documents.open(&receipt)).unwrap(), Opened::Expired);
    assert_eq!(wait(documents.open("7")).unwrap(), Opened::Unknown);
    let p2 = PersonId::new("P2").unwrap();
    let foreign = documents.link(&p2, Document::Receipt(id)).unwrap();
    assert_eq!(wait(documents.open(&foreign)).unwrap(), Opened::Unknown);
}

#[test]
fn without_a_printer_there_are_no_links() {
    let store = InMemoryStore::new();
    let clock = Arc::new(FakeClock::at(at(100)));
    let documents = Documents { printer: None, ..documents(&store, &clock) };
    let p1 = PersonId::new("P1").unwrap();
    assert_eq!(documents.link(&p1, Document::Year(2026)), None);
}

#[test]
fn an_uploaded_file_is_downloaded_by_its_owner_without_a_printer() {
    let store = InMemoryStore::new();
    let clock = Arc::new(FakeClock::at(at(100)));
    let documents = Documents { printer: None, ..documents(&store, &clock) };
    let (p1, p2) = (PersonId::new("P1").unwrap(), PersonId::new("P2").unwrap());
    let id = FileId::new("F1").unwrap();
    let file = NewFile {
        id: id.clone(),
        person: p1.clone(),
        kind: FileKind::Png,
        content: b"a picture".to_vec(),
        sha256: Sha256([1; 32]),
        at: at(100),
    };
    let quota = Quota { files: 9, bytes: 99 };
    wait(store.put(&file, &quota)).unwrap();
    let link = |person| documents.link(person, Document::File(id.clone())).unwrap();
    let (own, foreign) = (link(&p1), link(&p2));
    let (name, content) = ("file-F1.png".to_owned(), b"a picture".to_vec());
    let expected = Opened::File(DocumentFile { name, media_type: "image/png", content });
    assert_eq!(wait(documents.open(&own)).unwrap(), expected);
    assert_eq!(wait(documents.open(&foreign)).unwrap(), Opened::Unknown);
    clock.advance(SignedDuration::from_hours(24));
    let late = link(&p1);
    assert_eq!(wait(documents.open(&late)).unwrap(), Opened::Unknown, "its day is over");
    wait(store.mark_used(&[p1], &[id], at(200))).unwrap();
    assert_eq!(wait(documents.open(&late)).unwrap(), expected);
}
