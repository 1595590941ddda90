use super::*;
use jiff::civil::date;

fn source(kind: SourceKind, owner: &str) -> CalendarSource {
    CalendarSource { kind, owner: owner.to_owned() }
}

/// The spring festival of 2027: from Saturday the 6th to Friday the 12th of February, and Sunday the
/// 14th is a working day.
fn spring_festival() -> BankDays {
    BankDays::new((6..=12).map(|day| date(2027, 2, day)), [date(2027, 2, 14)]).unwrap()
}

fn at(day: Date, hour: i8) -> Timestamp {
    from_beijing(day.at(hour, 0, 0, 0)).unwrap()
}

#[test]
fn rails_promise_the_next_morning_and_union_pay_the_one_after() {
    let sources = [
        source(SourceKind::UnionPaySettlement, "777290058110048"),
        source(SourceKind::WeChatTrade, "1900007291"),
        source(SourceKind::WeChatTrade, "1900007291"),
    ];
    let calendar = SourceCalendar::new(sources, BankDays::default());
    let files = calendar.of(date(2026, 11, 27));
    assert_eq!(files.len(), 2, "a source that is named twice is one");
    assert_eq!(files[0].key.to_string(), "WECHAT_TRADE/1900007291/2026-11-27");
    assert_eq!(files[0].expected_at, at(date(2026, 11, 28), 10));
    assert_eq!(files[0].late_at, at(date(2026, 11, 28), 11));
    assert_eq!(files[0].due_at, at(date(2026, 11, 28), 14));
    assert_eq!(files[1].expected_at, at(date(2026, 11, 29), 10), "a Sunday is a day as any other");
}

#[test]
fn the_bank_credits_on_the_next_day_on_which_it_works() {
    let calendar =
        SourceCalendar::new([source(SourceKind::BankCredits, "6222001")], spring_festival());
    let expected = |day: Date| calendar.of(day)[0].expected_at;
    assert_eq!(expected(date(2026, 11, 26)), at(date(2026, 11, 27), 10), "Thursday, Friday");
    for day in 27..=29 {
        assert_eq!(expected(date(2026, 11, day)), at(date(2026, 11, 30), 10), "a weekend");
    }
    for day in 5..=13 {
        assert_eq!(expected(date(2027, 2, day)), at(date(2027, 2, 14), 10), "a festival");
    }
    assert_eq!(expected(date(2027, 2, 14)), at(date(2027, 2, 15), 10));
}

#[test]
fn expected_comes_before_late_and_late_before_due() {
    let sources = SourceKind::ALL.map(|kind| source(kind, "X1"));
    let calendar = SourceCalendar::new(sources, spring_festival());
    let files = calendar.of(date(2027, 2, 5));
    assert_eq!(files.len(), SourceKind::ALL.len());
    for file in files {
        assert!(file.expected_at < file.late_at && file.late_at < file.due_at, "{}", file.key);
        assert!(file.expected_at > at(date(2027, 2, 6), 0), "{}", file.key);
    }
}

#[test]
fn a_day_is_not_both_and_a_calendar_without_working_days_promises_nothing() {
    let day = date(2027, 1, 1);
    assert_eq!(BankDays::new([day], [day]), Err(HolidayAndWorkday { day }));
    let year = std::iter::successors(Some(day), |day| day.tomorrow().ok()).take(365);
    let never = BankDays::new(year, []).unwrap();
    assert_eq!(never.after(date(2027, 3, 1), 1), None);
    let calendar = SourceCalendar::new([source(SourceKind::BankCredits, "6222001")], never);
    assert_eq!(calendar.of(date(2027, 3, 1)), []);
}

#[test]
fn kinds_and_their_words_are_one_to_one() {
    for kind in SourceKind::ALL {
        assert_eq!(SourceKind::from_code(kind.code()), Some(kind));
    }
    let words: BTreeSet<_> = SourceKind::ALL.iter().map(|kind| kind.chinese()).collect();
    assert_eq!(words.len(), SourceKind::ALL.len());
    for bad in ["", "a/b", "中", "a b", &"1".repeat(65)] {
        assert!(SourceKey::new(SourceKind::BankCredits, bad, date(2027, 1, 1)).is_err(), "{bad}");
    }
}
