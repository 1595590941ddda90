use super::super::testing::{
    NO, answering, done, exception, gateway, maybe_parameter, name, parameter, watching,
};
use super::*;
use domain::standards::{CitizenId, PlateKind, PlateNo, Uscc};
use jiff::civil::date;

fn project() -> String {
    "<PROJECT><CHITCODE>00050001</CHITCODE><CHITNAME>交通违法罚款</CHITNAME>\
     <METRICUNIT>元</METRICUNIT><CHCOUNT>1</CHCOUNT><CHARGESTANDARD>200.00</CHARGESTANDARD>\
     <CHMONEY>200.00</CHMONEY><ISEXISTSOVERDUE>1</ISEXISTSOVERDUE>\
     <MAXPAYMENT>200.00</MAXPAYMENT><PAYMENTRADIO>0.03</PAYMENTRADIO>\
     <PAYMENTCYCLE>D</PAYMENTCYCLE><STARTCALCDATE>20260317</STARTCALCDATE><BELONGCHITCODE>00050002</BELONGCHITCODE>\
     <BELONGCHITNAME>加处罚款</BELONGCHITNAME><OVERDUEMONEY></OVERDUEMONEY></PROJECT>"
        .to_owned()
}

fn bill(projects: &str) -> String {
    format!(
        "<DETAIL><REGICODE>330100</REGICODE><NOTICENO>{NO}</NOTICENO>\
         <CHANNELNO>330000001</CHANNELNO><ORIGINALNOTICENO>FS0000000001</ORIGINALNOTICENO>\
         <PAYCODE>33010016000000000010</PAYCODE><PAYER>张三</PAYER><YWCODE>FS</YWCODE>\
         <NOTICECHECK>{}</NOTICECHECK><FULLCHECK>{}</FULLCHECK><TOTALMONEY>200.00</TOTALMONEY><ENTERCODE>330101</ENTERCODE>\
         <ENTERNAME>杭州市公安局&amp;交警支队</ENTERNAME><NOTICEDIS>交通违法罚款</NOTICEDIS>\
         <EXPIREDPAYDATE>20260430</EXPIREDPAYDATE><EXPIREDPAYTIME>235959</EXPIREDPAYTIME>\
         <ISCOUNTOVERDUE>1</ISCOUNTOVERDUE><STATE>0</STATE>{projects}</DETAIL>",
        number_check("330101", NO),
        full_check("330101", NO, Fen::new(20_000)),
    )
}

fn no() -> NoticeNo {
    NoticeNo::new(NO).unwrap()
}

async fn find(details: &str) -> Result<Option<Notice>, OutsideError> {
    gateway(&answering(Message::Bill, &done(details))).find(&no()).await
}

#[tokio::test]
async fn a_bill_becomes_a_notice() {
    let notice = find(&bill(&project())).await.unwrap().unwrap();
    assert_eq!((notice.no, notice.title.as_str()), (no(), "交通违法罚款"));
    assert_eq!(notice.agency.code, "330101");
    assert_eq!(notice.agency.name, "杭州市公安局&交警支队");
    assert_eq!(notice.standing, NoticeStanding::Open);
    assert_eq!(notice.expires_at, Some("2026-04-30T15:59:59Z".parse().unwrap()));
    assert_eq!((notice.region.as_str(), notice.payer.as_str()), ("330100", "张三"));
    assert_eq!(notice.pay_code, PayCode::new("33010016000000000010").ok());
    assert_eq!(notice.business_code, "FS");
    assert_eq!(notice.items.len(), 1);
    let item = &notice.items[0];
    let printed = (item.unit.as_str(), item.quantity.as_str(), item.price);
    assert_eq!(printed, ("元", "1", Fen::new(20_000)));
    let rule = LateFeeRule {
        rate: LateFeeRate::from_ratio("0.03").unwrap(),
        cycle: LateFeeCycle::Day,
        first_late_day: date(2026, 3, 17),
        cap: Some(Fen::new(20_000)),
        booked_on_code: "00050002".to_owned(),
        booked_on_name: "加处罚款".to_owned(),
    };
    assert_eq!(notice.items[0].late_fee, LateFee::ByRule(rule));
}

#[tokio::test]
async fn late_fees_are_ruled_fixed_or_absent() {
    let find = async |bill: String| find(&bill).await.unwrap().unwrap().items.remove(0).late_fee;
    let no_cap = bill(&project().replace("<MAXPAYMENT>200.00", "<MAXPAYMENT>0"));
    assert!(matches!(find(no_cap).await, LateFee::ByRule(LateFeeRule { cap: None, .. })));
    let by_agency = bill(&project().replace("<OVERDUEMONEY>", "<OVERDUEMONEY>6.00"))
        .replace("<ISCOUNTOVERDUE>1", "<ISCOUNTOVERDUE>0");
    let fixed = LateFee::Fixed {
        fee: Fen::new(600),
        booked_on_code: "00050002".to_owned(),
        booked_on_name: "加处罚款".to_owned(),
    };
    assert_eq!(find(by_agency).await, fixed);
    let none = bill(&project().replace("<ISEXISTSOVERDUE>1", "<ISEXISTSOVERDUE>0"));
    assert_eq!(find(none).await, LateFee::None);
}

#[tokio::test]
async fn standings_and_deadlines_are_read() {
    let good = bill(&project());
    for (state, standing) in [("1", NoticeStanding::Paid), ("2", NoticeStanding::Withdrawn)] {
        let text = good.replace("<STATE>0", &format!("<STATE>{state}"));
        assert_eq!(find(&text).await.unwrap().unwrap().standing, standing);
    }
    let open_ended = good.replace("20260430", "").replace("235959", "");
    assert_eq!(find(&open_ended).await.unwrap().unwrap().expires_at, None);
    assert_eq!(find("").await.unwrap(), None);
}

#[tokio::test]
async fn a_bill_that_cannot_be_understood_is_unknown_and_names_the_field() {
    let good = bill(&project());
    let table = [
        ("<STATE>0", "<STATE>9", "STATE"),
        ("<ISCOUNTOVERDUE>1", "<ISCOUNTOVERDUE>2", "ISCOUNTOVERDUE"),
        ("<ISEXISTSOVERDUE>1", "<ISEXISTSOVERDUE>", "ISEXISTSOVERDUE"),
        ("<CHMONEY>200.00", "<CHMONEY>200.005", "CHMONEY"),
        ("<TOTALMONEY>200.00", "<TOTALMONEY>x", "TOTALMONEY"),
        ("<MAXPAYMENT>200.00", "<MAXPAYMENT>-1", "MAXPAYMENT"),
        ("<PAYMENTRADIO>0.03", "<PAYMENTRADIO>3%", "PAYMENTRADIO"),
        ("<PAYMENTCYCLE>D", "<PAYMENTCYCLE>Y", "PAYMENTCYCLE"),
        ("20260317", "20260230", "STARTCALCDATE"),
        ("20260430", "2026-4-30", "EXPIREDPAYDATE"),
        ("235959", "", "EXPIREDPAYDATE"),
        ("<TOTALMONEY>200.00", "<TOTALMONEY>20.00", "FULLCHECK"),
        ("<ENTERCODE>330101", "<ENTERCODE>330102", "NOTICECHECK"),
        ("<NOTICECHECK>", "<NOTICECHECK>0", "NOTICECHECK"),
        ("<FULLCHECK>", "<OLDCHECK>", "not a ROOT document"),
        ("<CHMONEY>200.00", "<CHMONEY>20.00", "the items add up to 20.00"),
        ("<REGICODE>330100", "<REGICODE>33", "REGICODE"),
        ("<PAYCODE>33010016000000000010", "<PAYCODE>33010016000000000011", "PAYCODE"),
        ("<CHARGESTANDARD>200.00", "<CHARGESTANDARD>-1", "CHARGESTANDARD"),
        ("<STATE>0</STATE>", "", "not a ROOT document"),
    ];
    for (from, to, named) in table {
        let found = find(&good.replace(from, to)).await;
        let Err(OutsideError::OutcomeUnknown(source)) = found else { panic!("{to}: {found:?}") };
        assert!(source.to_string().contains(named), "{to}: {source}");
    }
    let contradiction = project()
        .replace("<ISEXISTSOVERDUE>1", "<ISEXISTSOVERDUE>0")
        .replace("<OVERDUEMONEY>", "<OVERDUEMONEY>6.00");
    assert_eq!(name(&find(&bill(&contradiction)).await), "unknown");
    assert_eq!(name(&find(&bill("")).await), "unknown");
}

#[tokio::test]
async fn another_bill_than_was_asked_for_is_not_taken() {
    let good = bill(&project());
    let other = good.replace(NO, "330000001FS0000000002");
    assert_eq!(name(&find(&other).await), "unknown");
    assert_eq!(name(&find(&good.repeat(2)).await), "unknown");
    let refused = answering(Message::Bill, &exception("BROKEN:x"));
    assert_eq!(name(&gateway(&refused).find(&no()).await), "refused");
}

#[tokio::test]
async fn a_bill_without_check_codes_or_with_too_many_items_is_not_taken() {
    let good = bill(&project());
    for code in ["NOTICECHECK", "FULLCHECK"] {
        let (start, end) = (format!("<{code}>"), format!("</{code}>"));
        let (before, rest) = good.split_once(&start).unwrap();
        let (_, after) = rest.split_once(&end).unwrap();
        assert_eq!(name(&find(&format!("{before}{after}")).await), "unknown", "{code}");
    }
    assert_eq!(name(&find(&bill(&project().repeat(21))).await), "unknown");
}

#[tokio::test]
async fn a_monthly_late_fee_is_read_as_one() {
    let monthly = bill(&project().replace("<PAYMENTCYCLE>D", "<PAYMENTCYCLE>M"));
    let item = find(&monthly).await.unwrap().unwrap().items.remove(0);
    let LateFee::ByRule(rule) = item.late_fee else { panic!("{:?}", item.late_fee) };
    assert_eq!(rule.cycle, LateFeeCycle::Month);
}

#[tokio::test]
async fn a_payment_code_finds_its_bill_and_no_other() {
    let code = PayCode::new("33010016000000000010").unwrap();
    let (base, seen) = watching(Message::Bill, &done(&bill(&project())));
    let found = gateway(&base).find_by_pay_code(&code).await.unwrap().unwrap();
    assert_eq!(found.no, no());
    let document = seen.lock().unwrap().clone();
    assert_eq!(parameter(&document, "PAYCODE"), code.as_str());
    assert_eq!(maybe_parameter(&document, "NOTICENO"), None);
    let other = PayCode::new("33020316000000000025").unwrap();
    assert_eq!(name(&gateway(&base).find_by_pay_code(&other).await), "unknown");
    let none = answering(Message::Bill, &done(""));
    assert_eq!(gateway(&none).find_by_pay_code(&code).await.unwrap(), None);
}

#[tokio::test]
async fn each_kind_of_payer_is_asked_for_by_its_own_parameters() {
    let plate = PlateNo::new("浙A00X00").unwrap();
    let kind = PlateKind::new("02").unwrap();
    let uscc = Uscc::new("91330100XXXXXX019U").unwrap();
    for (payer, expected) in [
        (citizen(), [Some("33010619000101099X"), None, None]),
        (PayerKey::Vehicle { plate, kind }, [None, Some("浙A00X00"), Some("02")]),
        (PayerKey::Company(uscc), [None, Some("91330100XXXXXX019U"), None]),
    ] {
        let (base, seen) = watching(Message::Bills, &done(&bill(&project())));
        assert_eq!(gateway(&base).list_of_payer(&payer).await.unwrap().len(), 1);
        let document = seen.lock().unwrap().clone();
        let names = ["PAYERSFZ", "PAYERDEFINE1", "PAYERDEFINE2"];
        let sent = names.map(|name| maybe_parameter(&document, name));
        assert_eq!(sent.each_ref().map(Option::as_deref), expected, "{payer:?}");
    }
}

fn citizen() -> PayerKey {
    PayerKey::Person(CitizenId::new("33010619000101099X").unwrap())
}

#[tokio::test]
async fn only_open_and_sound_bills_of_a_payer_are_listed_and_never_too_many() {
    let list = async |details: String| {
        gateway(&answering(Message::Bills, &done(&details))).list_of_payer(&citizen()).await
    };
    let good = bill(&project());
    let paid = good.replace("<STATE>0", "<STATE>1");
    let edited = good.replace("200.00", "20.00");
    let listed = list(format!("{good}{paid}{edited}{good}")).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(list(String::new()).await.unwrap(), []);
    assert_eq!(list(good.repeat(100)).await.unwrap().len(), 100);
    assert_eq!(name(&list(good.repeat(101)).await), "unknown");
}
