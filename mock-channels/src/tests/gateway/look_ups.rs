//! Bills: found by whoever may, with the rules of their items and codes that fit.

use serde_json::json;

use super::super::Bench;
use super::super::notices::{field, verdict};
use super::all;

#[actix_web::test]
async fn bills_are_found_by_person_vehicle_company_and_payment_code() {
    let bench = Bench::start().await;
    let citizen = bench.first_citizen().await;
    let (plate, kind) = (&citizen["vehicles"][0]["plateNo"], &citizen["vehicles"][0]["plateKind"]);
    let (plate, kind) = (plate.as_str().unwrap(), kind.as_str().unwrap());
    let id_card = citizen["idCard"].as_str().unwrap();
    let found = async |params: &[(&str, &str)]| {
        let root = bench.says("Get_AppPay_Infos", params).await;
        all(&root, "NOTICENO").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let school = bench.notice(json!({"amountFen": 90_000, "itemCode": "101030300"})).await;
    let by_car = found(&[("PAYERDEFINE1", plate), ("PAYERDEFINE2", kind)]).await;
    // The tuition is not about the car.
    assert_eq!(by_car, ["330000001FS0000000001", "330000001FS0000000002"]);
    let by_person = found(&[("PAYERSFZ", id_card)]).await;
    assert_eq!((by_person.len(), by_person.contains(&school)), (3, true));
    let both = [("PAYERSFZ", id_card), ("PAYERDEFINE1", "浙B0001X"), ("PAYERDEFINE2", "02")];
    assert_eq!(found(&both).await.len(), 0);
    assert_eq!(found(&[("PAYERSFZ", id_card), ("REGICODE", "330200")]).await.len(), 0);
    assert_eq!(found(&[("PAYERSFZ", id_card), ("REGICODE", "330000")]).await.len(), 3);
    assert_eq!(found(&[("PAYERSFZ", id_card), ("ENTERCODE", "011102")]).await.len(), 2);

    let company = bench.look("/companies").await["companies"][0].clone();
    let uscc = company["uscc"].as_str().unwrap();
    assert_eq!(json!(found(&[("PAYERDEFINE1", uscc)]).await), company["noticeNos"]);
    for bad in [vec![], vec![("PAYERDEFINE1", plate)], vec![("PAYERDEFINE2", "02")]] {
        let root = bench.says("Get_AppPay_Infos", &bad).await;
        assert_eq!(verdict(&root), "INVALID", "{bad:?}");
    }

    let bill = bench.bill(&school).await;
    let pay_code = field(&bill, "PAYCODE").to_owned();
    let same = bench.says("Get_AppPay_Info", &[("PAYCODE", &pay_code)]).await;
    assert_eq!(field(&same, "NOTICENO"), school);
    let last = if pay_code.ends_with('0') { '1' } else { '0' };
    let mistyped = format!("{}{last}", &pay_code[..19]);
    let wrong = bench.says("Get_AppPay_Info", &[("PAYCODE", &mistyped)]).await;
    assert_eq!(verdict(&wrong), "INVALID");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn a_bill_carries_the_rules_of_its_items_and_codes_that_fit() {
    let bench = Bench::start().await;
    let wish = json!({
        "amountFen": 10_000, "itemCode": "101130100", "decidedDaysAgo": 18, "region": "330106",
        "furtherItems": [{"itemCode": "102010200", "amountFen": 777}],
    });
    let number = bench.notice(wish).await;
    let bill = bench.bill(&number).await;
    assert_eq!(all(&bill, "CHITCODE"), ["11130100", "00034002"]);
    assert_eq!(all(&bill, "PAYMENTRADIO"), ["0.002", ""]);
    assert_eq!(all(&bill, "MAXPAYMENT"), ["500.00", "0.00"]);
    assert_eq!(all(&bill, "BELONGCHITCODE"), ["11130100", ""]);
    assert_eq!(all(&bill, "ISEXISTSOVERDUE"), ["1", "0"]);
    assert_eq!(all(&bill, "PAYMENTCYCLE"), ["D", ""]);
    assert_eq!(field(&bill, "ENTERNAME"), "西湖区水利部门");
    assert_eq!((field(&bill, "TOTALMONEY"), field(&bill, "ISCOUNTOVERDUE")), ("107.77", "1"));
    let (agency, check) = (field(&bill, "ENTERCODE"), field(&bill, "NOTICECHECK"));
    let full = field(&bill, "FULLCHECK");
    assert_eq!(field(&bill, "QRTEXT"), format!("330106|{agency}|{number}|10777|{check}|{full}||"));
    // Three late days of 20 fen.
    assert_eq!(bench.seen(&number).await["dueTodayFen"], 10_837);

    let pay = async |check: &str| {
        let params = [
            ("NOTICENO", number.as_str()),
            ("PAYNO", "P1"),
            ("PAYMONEY", "108.37"),
            ("PAYDATE", "20260302"),
            ("PAYTIME", "090000"),
            ("TRADENO", "T1"),
            ("CHECKCODE", check),
        ];
        verdict(&bench.says("GetPay_Info", &params).await)
    };
    assert_eq!(pay("1").await, "CHECKCODE");
    assert_eq!(pay(full).await, "00");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn months_and_agencies_count_as_their_items_say() {
    let bench = Bench::start().await;
    let monthly = json!({"amountFen": 1_000_000, "itemCode": "101190400", "decidedDaysAgo": 50});
    let monthly = bench.notice(monthly).await;
    let bill = bench.bill(&monthly).await;
    assert_eq!((field(&bill, "PAYMENTRADIO"), field(&bill, "PAYMENTCYCLE")), ("0.002", "M"));
    // Decided on 11 January, late from 27 January: the second month has begun.
    assert_eq!(field(&bill, "STARTCALCDATE"), "20260127");
    assert_eq!(bench.seen(&monthly).await["dueTodayFen"], 1_004_000);

    let tax = json!({"amountFen": 100_000, "itemCode": "12010100", "decidedDaysAgo": 17});
    let tax = bench.notice(tax).await;
    let bill = bench.bill(&tax).await;
    // 0.5 per cent a day, two days, by the tax office.
    assert_eq!((field(&bill, "ISCOUNTOVERDUE"), field(&bill, "OVERDUEMONEY")), ("0", "10.00"));
    let own = json!({"amountFen": 100_000, "itemCode": "102010100", "lateFeeBy": "platform"});
    assert_eq!(field(&bench.bill(&bench.notice(own).await).await, "ISCOUNTOVERDUE"), "1");

    let (status, _) = bench
        .try_lever("/citizens/C00001/notices", json!({"amountFen": 1, "itemCode": "999999999"}))
        .await;
    assert_eq!(status, 400);
    let unknown = bench.notice(json!({"amountFen": 1, "itemCode": "99999999"})).await;
    assert_eq!(field(&bench.bill(&unknown).await, "CHITCODE"), "99999999");
    assert_eq!(bench.look("/items").await["items"].as_array().unwrap().len(), 195);
    assert_eq!(bench.look("/items/16010100").await["lateFeeItem"], "106019900");
    bench.mocks.stop().await;
}
