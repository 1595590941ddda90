//! Small domain objects for tests.

use crate::identity::{
    Caller, Channel, ChannelLink, LegalPerson, Mandate, MandateKind, MandateState, OpenId, Person,
    PersonName, Principal,
};
use crate::ids::{IdempotencyKey, MandateNo, PaymentNo, PersonId, SessionId};
use crate::messaging::{EventKey, EventKind, Message, MessageEvent, MessageWords};
use crate::money::{Fen, PayableFen};
use crate::notice::{
    Agency, LateFee, Notice, NoticeItem, NoticeNo, NoticeStanding, PayerName, PaymentItems, RawItem,
};
use crate::payment::{
    CashierKind, EventReason, Money, NoticeSnapshot, Payment, PaymentRecord, PaymentState,
    PaymentStatus, Rail, RailTxn,
};
use crate::receipt::{Receipt, ReceiptId};
use crate::standards::{CheckCode, CitizenId, ReceiptCode, ReceiptNo, RegionCode, Uscc};
use jiff::{SignedDuration, Timestamp};

/// 2026-03-02 10:00:00 in Beijing, and `seconds` later.
pub fn at(seconds: i64) -> Timestamp {
    let start = Timestamp::from_second(1_772_416_800).expect("within the calendar");
    start + SignedDuration::from_secs(seconds)
}

/// A number that is known to be one.
pub fn notice_no(text: &str) -> NoticeNo {
    NoticeNo::new(text).expect("a notice number")
}

/// A number that is known to be one.
pub fn payment_no(text: &str) -> PaymentNo {
    PaymentNo::new(text).expect("a payment number")
}

/// An open notice with one item and no late fee.
pub fn notice(no: &str, fen: i64) -> Notice {
    Notice {
        no: notice_no(no),
        title: "交通违法罚款".to_owned(),
        agency: Agency {
            code: "330101".to_owned(), name: "杭州市公安局交警支队".to_owned()
        },
        items: vec![NoticeItem {
            code: "00050001".to_owned(),
            name: "交通违法罚款".to_owned(),
            unit: "件".to_owned(),
            quantity: "1".to_owned(),
            price: Fen::new(fen),
            amount: Fen::new(fen),
            late_fee: LateFee::None,
        }],
        region: RegionCode::new("330100").expect("a region code"),
        payer: PayerName::new("张三"),
        pay_code: None,
        business_code: String::new(),
        expires_at: None,
        standing: NoticeStanding::Open,
    }
}

/// A catalogue of two items: a fine that is shared, and what is added when it is late.
pub fn items() -> PaymentItems {
    let item = |code: &str, chit_code: &str, late_fee: &str| RawItem {
        code: code.to_owned(),
        chit_code: Some(chit_code.to_owned()),
        name: "交通违法罚款".to_owned(),
        name_en: "Traffic fine".to_owned(),
        agency_type: "公安交管部门".to_owned(),
        revenue_class: "罚没收入".to_owned(),
        amount_mode: "variable".to_owned(),
        unit: "件".to_owned(),
        amount_min_fen: 1,
        amount_max_fen: 1_000_000,
        late_fee: late_fee.to_owned(),
        settlement_level: "shared".to_owned(),
        share_central: 10,
        share_province: 33,
        share_local: 57,
        destination: "treasury".to_owned(),
        receipt_class: "01".to_owned(),
        legal_basis: None,
        valid_to: None,
    };
    let items = [item("100050001", "00050001", "3%/day"), item("100050002", "00050002", "none")];
    PaymentItems::check(&items).expect("a sound catalogue")
}

/// Somebody new.
pub fn person(id: &str) -> Person {
    Person::new(PersonId::new(id).expect("a person id"), at(0))
}

/// Somebody in a session of the WeChat mini-program.
pub fn caller(person_id: &str) -> Caller {
    let session = SessionId::new("session1").expect("a session id");
    Caller { person: person(person_id), channel: Channel::WeChat, session }
}

/// A company by its code.
pub fn legal_person(uscc: &str) -> Principal {
    let uscc = Uscc::normalised(uscc).expect("a code");
    Principal::LegalPerson(LegalPerson { uscc, name: "样例公司".to_owned() })
}

/// Somebody who is represented.
pub fn represented(id_card: &str) -> Principal {
    let name = PersonName::new("王小明").expect("a name");
    Principal::Person { name, id_card: CitizenId::new(id_card).expect("a citizen's number") }
}

/// P1 acts for them, for a year from the start.
pub fn mandate(no: &str, principal: Principal) -> Mandate {
    Mandate {
        no: MandateNo::new(&format!("DB0000{no}")).expect("a mandate number"),
        kind: MandateKind::Operator,
        agent: person("P1").id,
        principal,
        state: MandateState::Given { at: at(0) },
        asked_at: at(0),
        until: at(365 * 86_400),
        version: 0,
    }
}

/// The person's account at WeChat.
pub fn link(person_id: &str) -> ChannelLink {
    ChannelLink {
        channel: Channel::WeChat,
        app_id: APP_ID.to_owned(),
        open_id: open_id(person_id),
        union_id: None,
        person: person(person_id).id,
        linked_at: at(0),
    }
}

/// The app id of every sample.
pub const APP_ID: &str = "wx0000000000000001";
/// The merchant number of every sample.
pub const MERCHANT_NO: &str = "1900000001";

/// The WeChat account of a person.
pub fn open_id(person_id: &str) -> OpenId {
    OpenId::new(&format!("o-{person_id}")).expect("an open id")
}

/// Money of a rail, taken ten seconds after [`at`] 0.
pub fn money(txn: &str, fen: i64) -> Money {
    let amount = PayableFen::new(fen).expect("payable");
    Money { txn: RailTxn::new(txn).expect("a transaction number"), amount, at: at(10) }
}

/// A submitted payment of one notice by person `P1`, with key `key-` and its number.
pub fn payment(no: &str, notice_no: &str, fen: i64) -> Payment {
    let snapshot =
        NoticeSnapshot::of(&notice(notice_no, fen), at(0), &items()).expect("small amounts");
    Payment {
        no: payment_no(no),
        person: person("P1").id,
        channel: Channel::WeChat,
        rail: Rail::WeChatPay,
        cashier: CashierKind::WeChatMini,
        payer: Some(open_id("P1")),
        amount: PayableFen::new(fen).expect("payable"),
        notices: vec![snapshot],
        key: IdempotencyKey::new(&format!("key-{no}")).expect("a key"),
        created_at: at(0),
        quoted_at: at(0),
        expires_at: at(900),
        state: PaymentState::Submitted,
        next_check_at: at(5),
        version: 0,
    }
}

/// The gateway's receipt with this number for one notice of the payment, issued at second 50.
pub fn receipt(payment: &Payment, place: usize, number: u32) -> Receipt {
    let code = ReceiptCode::new("33030126").expect("a receipt code");
    let number = ReceiptNo::new(&format!("{number:010}")).expect("a receipt number");
    Receipt {
        id: ReceiptId { code, number },
        check_code: CheckCode::new("a1B2c3").expect("a check code"),
        notice_no: payment.notices[place].no.clone(),
        payment_no: payment.no.clone(),
        amount: payment.notices[place].total(),
        issued_at: at(50),
    }
}

/// The first line of a payment's history.
pub fn started() -> PaymentRecord {
    PaymentRecord {
        at: at(0),
        status: PaymentStatus::Submitted,
        reason: EventReason::Started,
        evidence: None,
    }
}

/// An event of this key, for person P1.
pub fn message_event(key: &str) -> MessageEvent {
    let fact = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    MessageEvent {
        key: EventKey::new(key).expect("an event's key"),
        person: PersonId::new("P1").expect("a person id"),
        kind: EventKind::PaymentPaid,
        facts: vec![
            fact("payment_no", "YW000001"),
            fact("title", "交通违法罚款"),
            fact("amount", "206.00元"),
            fact("paid_at", "2026年3月2日 10:00"),
        ],
        at: at(0),
    }
}

/// A message that waits to be sent.
pub fn message(key: &str) -> Message {
    Message {
        event: message_event(key),
        template_version: 1,
        words: MessageWords { title: "缴费成功".to_owned(), body: "您已缴费".to_owned() },
        about: None,
        read_at: None,
        attempts: Vec::new(),
        due_at: Some(at(0)),
        version: 0,
    }
}
