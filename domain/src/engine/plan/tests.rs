//! Tables of answers and of what is wrong with them.

use super::*;
use crate::catalogue::samples::{checked, field, options, sample, table};
use crate::catalogue::{RawApp, RawField};
use crate::engine::AnswerFaultCode as C;
use crate::fakes::samples::{at, person};
use crate::files::FileKind;
use crate::identity::PersonName;
use crate::ids::{FileId, PersonId};
use crate::standards::CitizenId;
use jiff::civil::date;

const MY_ID: &str = "33010619000101099X";

fn text(name: &str, value: &str) -> Answer {
    Answer { name: name.to_owned(), value: AnswerValue::Text(value.to_owned()) }
}

fn choice(name: &str, value: &str) -> Answer {
    Answer { name: name.to_owned(), value: AnswerValue::Choice(value.to_owned()) }
}

fn somebody() -> Person {
    let real_name = RealName {
        name: PersonName::new("张三").unwrap(),
        id_card: CitizenId::new(MY_ID).unwrap(),
        checked_at: at(0),
    };
    Person { real_name: Some(real_name), ..person("P1") }
}

fn planned(
    app: RawApp,
    answers: &[Answer],
    who: Option<&Person>,
) -> Result<ExchangeCall, Vec<(String, C)>> {
    let regions = table();
    let circumstances = Circumstances {
        who,
        company: None,
        regions: &regions,
        today: date(2026, 3, 2),
        files: &[],
    };
    match plan(&checked(app), answers, circumstances) {
        Ok(Some(Effect::LookUp(call))) => Ok(call),
        Ok(other) => panic!("{other:?}"),
        Err(faults) => Err(faults.into_iter().map(|f| (f.field, f.code)).collect()),
    }
}

fn faults(answers: &[Answer]) -> Vec<(String, C)> {
    planned(sample(), answers, None).unwrap_err()
}

fn named(faults: &[(&str, C)]) -> Vec<(String, C)> {
    faults.iter().map(|(field, code)| ((*field).to_owned(), *code)).collect()
}

fn right_answers() -> Vec<Answer> {
    vec![text("plate_no", " 浙a00x00 "), choice("plate_kind", "02"), text("vin_tail", "a1b2c3")]
}

/// An app whose answers must be the caller's own.
fn own_app() -> RawApp {
    let own = |name: &str, field_type: &str| RawField {
        own: Some(name.to_owned()),
        ..field(name, field_type)
    };
    let mut app = sample();
    app.identity_level = "real_name".to_owned();
    app.fields = vec![own("name", "text"), own("id_card", "id_card")];
    let look_up = app.look_up.as_mut().unwrap();
    look_up.subject = true;
    look_up.sends.clear();
    app
}

#[test]
fn right_answers_become_the_call_in_the_order_of_the_definition() {
    let call = planned(sample(), &right_answers(), None).unwrap();
    assert_eq!(call.operation.as_str(), "traffic.violations");
    assert_eq!(call.subject, None);
    let sent = [("plate_no", "浙A00X00"), ("plate_kind", "02"), ("vin_tail", "A1B2C3")];
    let sent = sent.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(call.parameters[..3], sent);
    assert_eq!(call.parameters[3], ("since".to_owned(), String::new()), "optional, not answered");
}

#[test]
fn all_faults_come_at_once_in_the_order_of_the_form() {
    let answers = [
        text("colour", "红"),
        choice("plate_kind", "03"),
        text("vin_tail", "12345"),
        text("since", "2026-01-01"),
    ];
    let expected = named(&[
        ("plate_no", C::Required),
        ("plate_kind", C::Invalid),
        ("vin_tail", C::Invalid),
        ("since", C::Invalid),
        ("colour", C::UnknownField),
    ]);
    assert_eq!(faults(&answers), expected);
}

#[test]
fn a_blank_answer_is_no_answer_and_a_second_one_too_many() {
    let mut answers = right_answers();
    answers[0] = text("plate_no", "　 ");
    answers.push(choice("plate_kind", "02"));
    let expected = [("plate_no", C::Required), ("plate_kind", C::Duplicate)];
    assert_eq!(faults(&answers), named(&expected));
}

#[test]
fn an_optional_field_is_needed_once_another_depends_on_it() {
    let mut app = sample();
    app.fields[0].required = false;
    let mut answers = right_answers();
    answers.remove(0);
    assert!(planned(app.clone(), &answers, None).is_ok());
    let value = AnswerValue::Date(date(2026, 1, 1));
    answers.push(Answer { name: "since".to_owned(), value });
    let got = planned(app, &answers, None);
    assert_eq!(got, Err(named(&[("plate_no", C::Required)])));
}

#[test]
fn too_many_answers_are_refused_as_a_whole() {
    let answers: Vec<Answer> = (0..51).map(|n| text(&format!("f{n}"), "x")).collect();
    assert_eq!(faults(&answers), named(&[("", C::Invalid)]));
    let long = Answer { name: "名".repeat(500), ..text("", "x") };
    let unknown = faults(&[long]).pop().unwrap();
    assert_eq!(unknown, ("名".repeat(64), C::UnknownField));
}

#[test]
fn nobody_asks_about_anybody_else() {
    let me = somebody();
    let mine = [text("name", " 张三 "), text("id_card", "33010619000101099x")];
    let call = planned(own_app(), &mine, Some(&me)).unwrap();
    assert_eq!(call.subject.unwrap().id_card.as_str(), MY_ID);

    let others = [text("name", "李四"), text("id_card", "330203190106150987")];
    let both = named(&[("name", C::NotYourOwn), ("id_card", C::NotYourOwn)]);
    assert_eq!(planned(own_app(), &others, Some(&me)), Err(both.clone()));

    let with_nobody = [both, named(&[("", C::NotYourOwn)])].concat();
    assert_eq!(planned(own_app(), &mine, None), Err(with_nobody.clone()));
    assert_eq!(planned(own_app(), &mine, Some(&person("P2"))), Err(with_nobody));
}

#[test]
fn messages_and_debug_texts_never_repeat_an_answer() {
    let me = somebody();
    let regions = table();
    let circumstances = Circumstances {
        who: Some(&me),
        company: None,
        regions: &regions,
        today: date(2026, 3, 2),
        files: &[],
    };
    let others = [text("name", "李四"), text("id_card", "330203190106150981")];
    let faults = plan(&checked(own_app()), &others, circumstances).unwrap_err();
    let told = format!("{faults:?} {others:?}");
    for personal in ["李四", "330203190106150981", "张三", MY_ID] {
        assert!(!told.contains(personal), "{told}");
    }
    let call = planned(sample(), &right_answers(), None).unwrap();
    assert!(!format!("{call:?}").contains("00X00"));
}

#[test]
fn every_type_takes_its_own_kind_of_answer_only() {
    use AnswerValue as V;
    let words = |text: &str| V::Text(text.to_owned());
    let table = [
        ("id_card", words("33010619000101099x"), Some("33010619000101099X")),
        ("id_card", words("330106190001010991"), None),
        ("plate_no", words("浙AD00000"), Some("浙AD00000")),
        ("plate_no", words("浙I12345"), None),
        ("uscc", words("91330100xxxxxx019u"), Some("91330100XXXXXX019U")),
        ("uscc", words("91330100XXXXXX0191"), None),
        ("phone", words(" 13000000000"), Some("13000000000")),
        ("phone", words("12000000000"), None),
        ("date", V::Date(date(2026, 3, 2)), Some("2026-03-02")),
        ("date", words("2026-03-02"), None),
        ("month", words("2026-03"), Some("2026-03")),
        ("month", words("2026-13"), None),
        ("month", words("2026-3"), None),
        ("month", words("+26-003"), None),
        ("enum", V::Choice("a".to_owned()), Some("a")),
        ("enum", V::Choice("b".to_owned()), None),
        ("enum", words("a"), None),
        ("text", words("第一行\n第二行"), Some("第一行\n第二行")),
        ("text", words("a\u{0}b"), None),
        ("text", words(&"长".repeat(500)), Some("")),
        ("text", words(&"长".repeat(501)), None),
        ("text", V::Number(1), None),
        ("int", V::Number(7), Some("7")),
        ("int", V::Number(-7), None),
        ("int", words("7"), None),
        ("amount", V::Fen(0), Some("0")),
        ("amount", V::Fen(-1), None),
        ("amount", V::Fen(i64::MAX), None),
        ("amount", V::Number(1), None),
        ("region", words("330106"), Some("330106")),
        ("region", words("330104"), None),
        ("address", words("文三路1号"), Some("文三路1号")),
        ("bool", V::Flag(false), Some("false")),
        ("bool", words("true"), None),
        ("file", V::FileId("F-1_a".to_owned()), None),
        ("file", V::Text("F-1_a".to_owned()), None),
        ("notice_no", words("330000001FS0000000001"), Some("330000001FS0000000001")),
        ("notice_no", words("310000001FS0000000001"), None),
        ("receipt_code", words("33010117"), Some("33010117")),
        ("receipt_code", words("99010117"), None),
        ("receipt_no", words("0000000001"), Some("0000000001")),
        ("receipt_no", words("0000000000"), None),
        ("check_code", words("Xy9z01"), Some("Xy9z01")),
        ("check_code", words("a1-2c3"), None),
    ];
    for (field_type, value, expected) in table {
        let got = one_answer(field_type, value.clone());
        match expected {
            // Too long to write out.
            Some("") => assert!(got.is_some(), "{field_type}"),
            expected => assert_eq!(got.as_deref(), expected, "{field_type} {value:?}"),
        }
    }
}

/// What becomes of the only answer of a form; `None`: it is not valid.
fn one_answer(field_type: &str, value: AnswerValue) -> Option<String> {
    let mut only = field("only", field_type);
    if field_type == "enum" {
        only.options = options(&["a"]);
    }
    let app = RawApp { fields: vec![only], ..sample() };
    let checked_field = {
        let mut app = app;
        app.look_up.as_mut().unwrap().sends.clear();
        checked(app).fields.remove(0)
    };
    let regions = table();
    let map = Map { regions: &regions, today: date(2026, 3, 2), files: &[] };
    check(&checked_field, &value, map).ok()
}

#[test]
fn an_app_without_anything_behind_it_still_checks_its_form() {
    let mut app = sample();
    (app.look_up, app.leads_to_notice) = (None, None);
    let regions = table();
    let circumstances = Circumstances {
        who: None,
        company: None,
        regions: &regions,
        today: date(2026, 3, 2),
        files: &[],
    };
    assert_eq!(plan(&checked(app.clone()), &right_answers(), circumstances), Ok(None));
    assert_eq!(plan(&checked(app), &[], circumstances).unwrap_err().len(), 3);
}

#[test]
fn a_file_is_the_callers_own_and_what_the_field_takes() {
    let stored = |id: &str, kind, size| StoredFile {
        id: FileId::new(id).unwrap(),
        person: PersonId::new("P1").unwrap(),
        kind,
        size,
        uploaded_at: at(0),
        used_at: None,
    };
    let files = [
        stored("PHOTO", FileKind::Jpeg, 2_048),
        stored("LARGE", FileKind::Jpeg, 2_049),
        stored("PAPER", FileKind::Pdf, 1),
    ];
    let narrow = RawField {
        accepts: vec!["jpeg".to_owned(), "png".to_owned()],
        most_kilobytes: Some(2),
        ..field("photo", "file")
    };
    let regions = table();
    let asked = |field: RawField, id: &str| {
        let app = RawApp { fields: vec![field], look_up: None, leads_to_notice: None, ..sample() };
        let (who, today) = (None, date(2026, 3, 2));
        let circumstances =
            Circumstances { who, company: None, regions: &regions, today, files: &files };
        let answer = Answer { name: "photo".to_owned(), value: AnswerValue::FileId(id.to_owned()) };
        let faults = plan(&checked(app), &[answer], circumstances).err().unwrap_or_default();
        faults.into_iter().map(|fault| fault.message).collect::<String>()
    };
    assert_eq!(asked(narrow.clone(), "PHOTO"), "");
    assert_eq!(asked(field("photo", "file"), "PAPER"), "", "without a rule everything goes");
    assert!(asked(narrow.clone(), "LARGE").contains("不能超过2KB"));
    assert!(asked(narrow.clone(), "PAPER").contains("只接受JPG照片、PNG图片"));
    for nothing in ["ANOTHERS", "../etc"] {
        let told = asked(narrow.clone(), nothing);
        assert!(told.contains("不存在或已过期") && !told.contains(nothing), "{told}");
    }
}

/// Two who come together; either may book.
fn app_of_two() -> RawApp {
    let of = |party: &str, own: &str, field_type: &str| RawField {
        own: Some(own.to_owned()),
        party: Some(party.to_owned()),
        ..field(&format!("{party}_{own}"), field_type)
    };
    let mut app = own_app();
    app.fields = ["one", "two"]
        .into_iter()
        .flat_map(|party| [of(party, "name", "text"), of(party, "id_card", "id_card")])
        .collect();
    app
}

#[test]
fn the_caller_is_one_of_the_parties_whichever() {
    const THEIRS: &str = "330106198001010013";
    const NOBODYS: &str = "330206198102020021";
    let me = somebody();
    let answers = |one: (&str, &str), two: (&str, &str)| {
        vec![
            text("one_name", one.0),
            text("one_id_card", one.1),
            text("two_name", two.0),
            text("two_id_card", two.1),
        ]
    };
    let planned = |answers: &[Answer]| planned(app_of_two(), answers, Some(&me));
    let (mine, theirs) = (("张三", MY_ID), ("李四", THEIRS));
    assert!(planned(&answers(mine, theirs)).is_ok());
    assert!(planned(&answers(theirs, mine)).is_ok());
    assert_eq!(
        planned(&answers(theirs, ("王五", NOBODYS))).unwrap_err(),
        named(&[("one_id_card", C::NotYourOwn), ("two_id_card", C::NotYourOwn)]),
        "nobody books for two others"
    );
    assert_eq!(
        planned(&answers(theirs, ("王五", MY_ID))).unwrap_err(),
        named(&[("two_name", C::NotYourOwn)]),
        "the own number under another name"
    );
    assert_eq!(
        planned(&answers(("张三", THEIRS), ("王五", NOBODYS))).unwrap_err().len(),
        2,
        "a name alone is nobody's proof"
    );
    assert_eq!(
        planned(&answers(theirs, mine)[..3]).unwrap_err(),
        named(&[("two_id_card", C::Required)]),
        "what is missing has its own fault"
    );
}

#[test]
fn a_companys_code_is_told_by_who_acts_for_it_alone() {
    let mut app = own_app();
    app.audience = vec!["legal_person".to_owned()];
    let code = RawField { own: Some("uscc".to_owned()), ..field("code", "uscc") };
    app.fields = vec![code];
    let app = checked(app);
    let (me, regions, today) = (somebody(), table(), date(2026, 3, 2));
    let planned = |company: Option<&LegalPerson>, answer: &str| {
        let circumstances =
            Circumstances { who: Some(&me), company, regions: &regions, today, files: &[] };
        let planned = plan(&app, &[text("code", answer)], circumstances);
        planned.map(|_| ()).map_err(|faults| (faults[0].code, faults[0].message.clone()))
    };
    let company = LegalPerson {
        uscc: crate::standards::Uscc::normalised("91330100XXXXXX019U").unwrap(),
        name: "样例公司".to_owned(),
    };
    assert_eq!(planned(Some(&company), " 91330100xxxxxx019u "), Ok(()));
    let (code, words) = planned(Some(&company), "913301060100000129").unwrap_err();
    assert!(code == C::NotYourOwn && words.contains("您正在代样例公司办理"), "{words}");
    let (code, words) = planned(None, "91330100XXXXXX019U").unwrap_err();
    assert!(code == C::NotYourOwn && words.contains("请先选择要代表的单位"), "{words}");
}

#[test]
fn a_number_is_between_the_least_and_the_most() {
    let mut app = sample();
    app.fields = vec![RawField { between: Some([1, 5]), ..field("visitors", "int") }];
    app.look_up.as_mut().unwrap().sends.clear();
    let visitors = |number: i64| {
        let answer = Answer { name: "visitors".to_owned(), value: AnswerValue::Number(number) };
        planned(app.clone(), &[answer], None).map(|_| ())
    };
    for fits in [1, 5] {
        assert_eq!(visitors(fits), Ok(()), "{fits}");
    }
    for outside in [i64::MIN, -1, 0, 6, i64::MAX] {
        assert_eq!(visitors(outside), Err(named(&[("visitors", C::Invalid)])), "{outside}");
    }
}
