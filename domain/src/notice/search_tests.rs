use super::*;
use crate::fakes::samples::{at, notice, notice_no, person};
use crate::identity::{PersonName, RealName};
use crate::money::Fen;
use crate::notice::{NoticeBook, NoticeStanding};
use crate::standards::{CitizenId, full_check, number_check};
use async_trait::async_trait;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

const FINE: &str = "330000001FS1";

/// Polls until done: nothing here ever waits.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}

/// Knows one notice under its number and code, and answers every payer with these.
#[derive(Default)]
struct Book {
    of_payer: Vec<Notice>,
    asked: Mutex<Vec<PayerKey>>,
}

#[async_trait]
impl NoticeBook for Book {
    async fn find(&self, no: &NoticeNo) -> Result<Option<Notice>, OutsideError> {
        let paid = Notice { standing: NoticeStanding::Paid, ..notice(FINE, 20_000) };
        Ok((no.as_str() == FINE).then_some(paid))
    }

    async fn find_by_pay_code(&self, _code: &PayCode) -> Result<Option<Notice>, OutsideError> {
        Ok(Some(notice("330000001FS2", 100)))
    }

    async fn list_of_payer(&self, payer: &PayerKey) -> Result<Vec<Notice>, OutsideError> {
        self.asked.lock().unwrap().push(payer.clone());
        Ok(self.of_payer.clone())
    }
}

fn somebody() -> Person {
    person("P1")
}

/// Has proved to be 张三, whose name stands on every sample notice.
fn proved() -> Person {
    let real_name = RealName {
        name: PersonName::new("张三").unwrap(),
        id_card: CitizenId::new("33010619000101099X").unwrap(),
        checked_at: at(0),
    };
    Person { real_name: Some(real_name), ..person("P1") }
}

/// The numbers that are found, or which error.
fn finds(book: &Arc<Book>, who: &Person, sought: &Sought) -> Result<Vec<String>, String> {
    let find = FindNotices { notices: book.clone() };
    let found = wait(find.search(who, sought, at(0))).map_err(|error| error.to_string())?;
    Ok(found.into_iter().map(|listed| listed.notice.no.to_string()).collect())
}

fn vehicle() -> Sought {
    let plate = PlateNo::new("浙A00X00").unwrap();
    Sought::Vehicle { plate, kind: PlateKind::new("02").unwrap() }
}

fn company(name: &str) -> Sought {
    Sought::Company { code: Uscc::new("91330100XXXXXX019U").unwrap(), name: name.to_owned() }
}

fn not_proved() -> Result<Vec<String>, String> {
    Err(SearchError::NameNotProved.to_string())
}

#[test]
fn a_number_or_a_code_is_enough_in_whatever_state() {
    let book = Arc::new(Book::default());
    let number = Sought::Number(notice_no(FINE));
    assert_eq!(finds(&book, &somebody(), &number), Ok(vec![FINE.to_owned()]));
    let code = Sought::PayCode(PayCode::new("33010016000000000010").unwrap());
    assert_eq!(finds(&book, &somebody(), &code), Ok(vec!["330000001FS2".to_owned()]));
    let unknown = Sought::Number(notice_no("330000001FS9"));
    assert_eq!(finds(&book, &somebody(), &unknown), Ok(Vec::new()));
}

#[test]
fn own_notices_are_those_of_the_proved_name() {
    let book = Arc::new(Book { of_payer: vec![notice(FINE, 100)], ..Book::default() });
    assert_eq!(finds(&book, &somebody(), &Sought::Own), Ok(Vec::new()));
    assert_eq!(finds(&book, &proved(), &Sought::Own), Ok(vec![FINE.to_owned()]));
    let id_card = proved().real_name.unwrap().id_card;
    assert_eq!(*book.asked.lock().unwrap(), [PayerKey::Person(id_card)]);
}

#[test]
fn of_a_vehicle_its_owner_sees_what_is_in_their_name() {
    let others = Notice { payer: PayerName::new("李四"), ..notice("330000001FS3", 100) };
    let nobodys = Notice { payer: PayerName::new(""), ..notice("330000001FS4", 100) };
    let of_payer = vec![notice(FINE, 100), others, nobodys];
    let book = Arc::new(Book { of_payer, ..Book::default() });
    assert_eq!(finds(&book, &somebody(), &vehicle()), not_proved());
    assert_eq!(finds(&book, &proved(), &vehicle()), Ok(vec![FINE.to_owned()]));
}

#[test]
fn of_a_company_those_see_who_know_code_and_name() {
    let debt = Notice { payer: PayerName::new("样例有限公司"), ..notice(FINE, 100) };
    let book = Arc::new(Book { of_payer: vec![debt], ..Book::default() });
    assert_eq!(finds(&book, &somebody(), &company("样例有限公司")), not_proved());
    assert_eq!(finds(&book, &proved(), &company("样例有限公司")), Ok(vec![FINE.to_owned()]));
    for wrong in ["样例公司", "", " "] {
        assert_eq!(finds(&book, &proved(), &company(wrong)), Ok(Vec::new()), "{wrong}");
    }
}

#[test]
fn a_qr_code_must_say_what_the_notice_says() {
    let book = Arc::new(Book::default());
    // Both check codes fit: whoever edits a code can compute them too.
    let qr = |region: &str, unit: &str, fen: i64, no: &str| {
        let (number, whole) = (number_check(unit, no), full_check(unit, no, Fen::new(fen)));
        Sought::Qr(
            NoticeQr::new(&format!("{region}|{unit}|{no}|{fen}|{number}|{whole}||")).unwrap(),
        )
    };
    let good = qr("330100", "330101", 20_000, FINE);
    assert_eq!(finds(&book, &somebody(), &good), Ok(vec![FINE.to_owned()]));
    for edited in [
        qr("330200", "330101", 20_000, FINE),
        qr("330100", "330102", 20_000, FINE),
        qr("330100", "330101", 2_000, FINE),
    ] {
        let why = SearchError::NotAsPrinted.to_string();
        assert_eq!(finds(&book, &somebody(), &edited), Err(why), "{edited:?}");
    }
    let unknown = qr("330100", "330101", 20_000, "330000001FS9");
    assert_eq!(finds(&book, &somebody(), &unknown), Ok(Vec::new()));
    let elsewhere = qr("310100", "330101", 20_000, "310000001FS9");
    assert_eq!(finds(&book, &somebody(), &elsewhere), Ok(Vec::new()));
}
