use super::*;

#[test]
fn the_gateways_code_of_an_item_is_its_own_without_the_second_digit() {
    let chit = |code: &str| ItemCode::new(code).map(|code| code.usual_chit_code().0);
    assert_eq!(chit("106010100"), Ok("16010100".to_owned()));
    assert_eq!(chit("901050000"), Ok("91050000".to_owned()));
    for bad in ["116010100", "10601010", "1060101000", "10601010X", ""] {
        assert_eq!(chit(bad), Err(ItemCodeInvalid(9)), "{bad}");
    }
    assert_eq!(ChitCode::new("1601010"), Err(ItemCodeInvalid(8)));
}

#[test]
fn shares_are_told_as_they_were_given() {
    let shares = Shares::new(15, 25, 60).unwrap();
    assert_eq!((shares.central(), shares.province(), shares.local()), (15, 25, 60));
}

#[test]
fn shares_are_a_hundred_percent() {
    assert!(Shares::new(20, 20, 60).is_ok());
    assert_eq!(Shares::new(20, 20, 59), Err(SharesInvalid(99)));
    assert_eq!(Shares::new(255, 255, 255), Err(SharesInvalid(765)));
}

#[test]
fn a_split_loses_no_fen_and_gives_none_to_a_level_without_a_share() {
    for (shares, amount, expected) in [
        ((10, 40, 50), 99, (9, 39, 51)),
        ((0, 0, 100), 1, (0, 0, 1)),
        ((30, 70, 0), 101, (30, 71, 0)),
        ((30, 70, 0), -101, (-30, -71, 0)),
        ((100, 0, 0), 7, (7, 0, 0)),
        ((50, 0, 50), 101, (50, 0, 51)),
        ((50, 0, 50), -101, (-50, 0, -51)),
        ((50, 25, 25), i64::MAX, (i64::MAX / 2, i64::MAX / 4, i64::MAX / 4 + 2)),
    ] {
        let (central, province, local) = shares;
        let split = Shares::new(central, province, local).unwrap().split(Fen::new(amount));
        let found = (split.central.value(), split.province.value(), split.local.value());
        assert_eq!(found, expected, "{shares:?} of {amount}");
        assert_eq!(found.0 + found.1 + found.2, amount);
    }
}

fn raw() -> RawItem {
    RawItem {
        code: "106010100".to_owned(),
        name: "交通违法罚款".to_owned(),
        name_en: "Traffic fine".to_owned(),
        agency_type: "公安交管部门".to_owned(),
        revenue_class: "罚没收入".to_owned(),
        amount_mode: "variable".to_owned(),
        unit: "件".to_owned(),
        amount_min_fen: 2_000,
        amount_max_fen: 200_000,
        late_fee: "3%/day".to_owned(),
        settlement_level: "collecting_level".to_owned(),
        share_local: 100,
        destination: "treasury".to_owned(),
        receipt_class: "01".to_owned(),
        ..RawItem::default()
    }
}

fn faults_of(raws: &[RawItem]) -> Vec<String> {
    PaymentItems::check(raws).err().unwrap_or_default().iter().map(ItemFault::to_string).collect()
}

#[test]
fn an_item_is_found_by_either_code() {
    let own = RawItem {
        code: "102010200".to_owned(),
        chit_code: Some("00034002".to_owned()),
        late_fee: "0.2%/month".to_owned(),
        ..raw()
    };
    let items = PaymentItems::check(&[raw(), own]).unwrap();
    let found = items.find_by_chit_code("00034002").unwrap();
    assert_eq!(found.code.as_str(), "102010200");
    let rate = LateFeeRate::from_ratio("0.002").unwrap();
    assert_eq!(found.late_fee, ItemLateFee::Surcharge { rate, cycle: LateFeeCycle::Month });
    assert_eq!(items.find(&found.code), Some(found));
    let in_order: Vec<_> = items.all().iter().map(|item| item.code.to_string()).collect();
    assert_eq!(in_order, ["106010100", "102010200"], "as in the file");
    assert_eq!(items.find_by_chit_code("16010100").unwrap().late_fee, ItemLateFee::Fine);
    for unknown in ["12010200", "106010100", ""] {
        assert_eq!(items.find_by_chit_code(unknown), None, "{unknown}");
    }
}

#[test]
fn every_rule_of_an_item_has_its_own_fault() {
    type Change = fn(&mut RawItem);
    let table: [(Change, &str); 16] = [
        (|raw| raw.name.clear(), "name_zh: is missing"),
        (|raw| raw.name_en.clear(), "name_en: is missing"),
        (|raw| raw.agency_type.clear(), "agency_type: is missing"),
        (|raw| raw.unit = " ".to_owned(), "unit: is missing"),
        (|raw| raw.revenue_class = "税".to_owned(), "revenue_class: `税` is unknown"),
        (|raw| raw.chit_code = Some("1".to_owned()), "chit_code: `1` is unknown"),
        (|raw| raw.amount_mode = "any".to_owned(), "amount_mode: `any` is unknown"),
        (
            |raw| raw.amount_mode = "fixed".to_owned(),
            "amount_mode: is fixed, but the bounds differ",
        ),
        (|raw| raw.amount_min_fen = -1, "amount_min_fen: is negative"),
        (|raw| raw.amount_max_fen = 1, "amount_max_fen: is less than amount_min_fen"),
        (|raw| raw.late_fee = "3%/year".to_owned(), "late_fee: `3%/year` is unknown"),
        (|raw| raw.share_local = 99, "share_local: the shares are 99 percent together, not 100"),
        (
            |raw| raw.settlement_level = "shared".to_owned(),
            "settlement_level: does not fit the shares",
        ),
        (|raw| raw.destination = "bank".to_owned(), "destination: `bank` is unknown"),
        (|raw| raw.receipt_class = "07".to_owned(), "receipt_class: `07` is unknown"),
        (|raw| raw.valid_to = Some("2017".to_owned()), "valid_to: `2017` is unknown"),
    ];
    for (change, fault) in table {
        let mut changed = raw();
        change(&mut changed);
        assert_eq!(faults_of(&[changed]), [format!("item.106010100.{fault}")]);
    }
}

#[test]
fn what_one_unit_costs_is_taken_down_with_its_bounds() {
    let of = |mode: &str, least, most| {
        let bounds = (mode.to_owned(), least, most);
        let (amount_mode, amount_min_fen, amount_max_fen) = bounds;
        let raw = RawItem { amount_mode, amount_min_fen, amount_max_fen, ..raw() };
        PaymentItem::check(&raw, 0).map(|item| item.amount)
    };
    let (min, max) = (Fen::ZERO, Fen::new(500));
    assert_eq!(of("fixed", 500, 500), Ok(ItemAmount::Fixed(max)));
    assert_eq!(of("variable", 0, 500), Ok(ItemAmount::Variable { min, max }), "it may be free");
    assert_eq!(of("formula", 0, 500), Ok(ItemAmount::Formula { min, max }));
    let only = ItemAmount::Variable { min: max, max };
    assert_eq!(of("variable", 500, 500), Ok(only), "bounds may meet");
}

#[test]
fn a_surcharge_has_a_rate_and_a_period() {
    let of = |text: &str| {
        PaymentItem::check(&RawItem { late_fee: text.to_owned(), ..raw() }, 0)
            .map(|item| item.late_fee)
    };
    let surcharge = |percent, cycle| {
        let rate = LateFeeRate::from_percent(percent).unwrap();
        Ok(ItemLateFee::Surcharge { rate, cycle })
    };
    assert_eq!(of("none"), Ok(ItemLateFee::None));
    assert_eq!(of("0.05%/day"), surcharge("0.05", LateFeeCycle::Day));
    assert_eq!(of("0.05%/month"), surcharge("0.05", LateFeeCycle::Month));
    assert!(of("0%/day").is_err(), "nothing a day is no late fee");
}

#[test]
fn a_level_that_settles_alone_has_everything_and_with_several_nobody_has() {
    let parts = [(100, 0, 0), (0, 100, 0), (0, 0, 100), (10, 40, 50)];
    for (level, sound) in ["central", "province", "collecting_level", "shared"].iter().zip(parts) {
        for (share_central, share_province, share_local) in parts {
            let settlement_level = (*level).to_owned();
            let raw =
                RawItem { settlement_level, share_central, share_province, share_local, ..raw() };
            let fits = (share_central, share_province, share_local) == sound;
            assert_eq!(PaymentItem::check(&raw, 0).is_ok(), fits, "{raw:?}");
        }
    }
}

#[test]
fn all_faults_are_told_at_once_and_no_code_comes_twice() {
    let bad = RawItem { code: "1".to_owned(), unit: String::new(), ..raw() };
    let same_chit =
        RawItem { code: "106010200".to_owned(), chit_code: Some("16010100".to_owned()), ..raw() };
    assert_eq!(
        faults_of(&[raw(), bad, raw(), same_chit]),
        [
            "item.1.unit: is missing",
            "item.1.code: `1` is unknown",
            "item.106010100.code: another item has the same",
            "item.16010100.chit_code: another item has the same",
        ]
    );
    assert_eq!(faults_of(&[raw()]), Vec::<String>::new());
}
