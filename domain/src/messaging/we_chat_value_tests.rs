use super::*;

/// Field, value, taken?
fn check(table: &[(&str, &str, bool)]) {
    for (field, value, taken) in table {
        let kind = WeChatField::of(field).unwrap();
        assert_eq!(kind.fit(field, value).is_ok(), *taken, "{field} {value:?}");
    }
}

#[test]
fn a_field_is_known_by_its_beginning_and_one_or_two_digits() {
    for kind in WeChatField::ALL {
        for digits in ["1", "01", "12"] {
            assert_eq!(WeChatField::of(&format!("{}{digits}", kind.prefix())), Some(kind));
        }
    }
    for bad in ["thing", "thing123", "1", "", "Thing1", "string1", "thing1x", "enum1"] {
        assert_eq!(WeChatField::of(bad), None, "{bad}");
    }
}

#[test]
fn words_and_letters_end_at_their_length() {
    check(&[
        ("thing1", "缴费", true),
        ("thing1", "", false),
        ("thing1", "  ", false),
        ("thing1", "两\n行", false),
        ("letter1", &"a".repeat(32), true),
        ("letter1", &"a".repeat(33), false),
        ("letter1", "a1", false),
        ("symbol1", "*****", true),
        ("symbol1", "******", false),
        ("symbol1", "a", false),
        ("character_string1", &"a1-".repeat(10), true),
        ("character_string1", &"x".repeat(32), true),
        ("character_string1", &"x".repeat(33), false),
        ("character_string1", "单号1", false),
        ("character_string1", "a b", false),
        ("phrase1", "一二三四五", true),
        ("phrase1", "一二三四五六", false),
        ("phrase1", "已缴费1", false),
        ("phrase1", "", false),
        ("name1", "一二三四五六七八九十", true),
        ("name1", "一二三四五六七八九十一", false),
        ("name1", "买买提·艾力", true),
        ("name1", &"a".repeat(20), true),
        ("name1", &"a".repeat(21), false),
        ("name1", "张3", false),
    ]);
}

#[test]
fn words_that_are_too_long_are_cut_and_nothing_else_is() {
    let fit = |value: &str| WeChatField::Thing.fit("thing1", value).unwrap();
    assert_eq!(fit(&"字".repeat(20)), "字".repeat(20));
    assert_eq!(fit(&"字".repeat(21)), format!("{}…", "字".repeat(19)));
    assert_eq!(fit(" 缴费 "), "缴费");
    let refused = WeChatField::Phrase.fit("phrase2", "一二三四五六").unwrap_err();
    assert_eq!(refused, ValueRefused { field: "phrase2".to_owned(), kind: WeChatField::Phrase });
    assert!(!refused.to_string().contains('六'), "values may be personal");
}

#[test]
fn numbers_and_amounts_end_at_their_digits() {
    check(&[
        ("number1", &"9".repeat(32), true),
        ("number1", &"9".repeat(33), false),
        ("number1", "3.14", true),
        ("number1", ".5", false),
        ("number1", "5.", false),
        ("number1", "-5", false),
        ("number1", &format!("{}.{}", "9".repeat(31), "9"), true),
        ("number1", &format!("{}.{}", "9".repeat(31), "99"), false),
        ("amount1", "206.00元", true),
        ("amount1", "¥206", true),
        ("amount1", "￥206.0", true),
        ("amount1", "9999999999.99元", true),
        ("amount1", "10000000000.00元", false),
        ("amount1", "206.000元", false),
        ("amount1", "¥¥206", false),
        ("amount1", "元", false),
        ("amount1", "1,000.00元", false),
        ("phone_number1", "+86-0766-66888866", true),
        ("phone_number1", "+86-0766-668888660", false),
        ("phone_number1", "138 0013 8000", false),
        ("car_number1", "粤A8Z888挂", true),
        ("car_number1", "浙A00X00", true),
        ("car_number1", "浙AA00X000", false),
        ("car_number1", "浙A浙0000", false),
        ("car_number1", "浙", true),
    ]);
}

#[test]
fn times_are_times_and_dates_are_dates() {
    check(&[
        ("time1", "15:01", true),
        ("time1", "9:01", true),
        ("time1", "15:01:59", true),
        ("time1", "2019年10月1日 15:01", true),
        ("time1", "15:01~16:00", true),
        ("time1", "2019-10-01 15:01 ~ 2019-10-01 16:00", true),
        ("time1", "24:00", false),
        ("time1", "15:60", false),
        ("time1", "15:1", false),
        ("time1", "2019年10月1日", false),
        ("time1", "15:01~", false),
        ("time1", "15:01~16:00~17:00", false),
        ("date1", "2019年10月1日", true),
        ("date1", "2019年10月", true),
        ("date1", "10月1日", true),
        ("date1", "2018/01/01", true),
        ("date1", "2018.01.01", true),
        ("date1", "2018-01-01 15:01", true),
        ("date1", "2018-13-01", false),
        ("date1", "2018-12-32", false),
        ("date1", "15:01", false),
        ("date1", "18-01-01", false),
        ("date1", "明天", false),
    ]);
}
