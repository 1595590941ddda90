use super::super::testing::{MERCHANT, account_at, answer, http, message_in, signed};
use super::*;
use crate::test_support::{Peer, test_data};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use jiff::civil::date;
use std::collections::BTreeMap;
use std::io::Write;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const DAY: Date = date(2026, 11, 22);

fn beijing(text: &str) -> i64 {
    format!("{text}+08:00").parse::<Timestamp>().unwrap().as_second()
}

/// When both files of the day are there.
fn ready() -> i64 {
    beijing("2026-11-24T10:00:00")
}

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn packed(bytes: &[u8]) -> String {
    let mut deflated = ZlibEncoder::new(Vec::new(), Compression::default());
    deflated.write_all(bytes).unwrap();
    STANDARD.encode(deflated.finish().unwrap())
}

fn file_answer(name: &str, content: &str) -> String {
    let fields =
        [("merId", MERCHANT), ("respCode", "00"), ("fileName", name), ("fileContent", content)];
    answer(&signed(&fields))
}

fn says(code: &str) -> String {
    answer(&signed(&[("merId", MERCHANT), ("respCode", code)]))
}

fn detail(day: &str, lines: &[u8]) -> String {
    let member = format!("INN{}88ZM_{MERCHANT}", &day[2..]);
    let summary = format!("RD2010{}01_{MERCHANT}", &day[2..]);
    let zip = zipped(&[(&summary, b"\xBD\xE8"), (&member, lines)]);
    file_answer(&format!("{MERCHANT}_{day}.zip"), &packed(&zip))
}

/// A platform with these answers, by settlement date.
fn platform(answers: Vec<(&'static str, String)>) -> String {
    let answers: BTreeMap<_, _> = answers.into_iter().collect();
    Peer::replies(move |request| {
        assert!(request.starts_with("POST /files HTTP/1.1"), "{request}");
        let sent = message_in(request);
        let kind = ["txnType", "txnSubType", "bizType", "fileType"].map(|f| sent.get(f).unwrap());
        assert_eq!(kind, ["76", "01", "000000", "00"]);
        answers.get(sent.get("settleDate").unwrap()).unwrap().clone()
    })
}

async fn fetch_at(base: &str, now: i64) -> Result<Statement, StatementError> {
    UnionPayStatements::new(account_at(base, now)).fetch(DAY).await
}

fn sample_at(times: [&str; 2]) -> Vec<u8> {
    let text = String::from_utf8(test_data("unionpay_settlement_sample.txt")).unwrap();
    text.replace("1122090134 622", &format!("{} 622", times[0]))
        .replace("1122165842 622", &format!("{} 622", times[1]))
        .into_bytes()
}

#[tokio::test]
async fn a_day_is_the_part_of_two_files_that_is_its_own() {
    let own = sample_at(["1121231500", "1122165842"]); // A payment of the evening before.
    let later = sample_at(["1122232000", "1123080000"]); // One of the last hour, and one after.
    let base =
        platform(vec![("1122", detail("20261122", &own)), ("1123", detail("20261123", &later))]);
    let statement = fetch_at(&base, ready()).await.unwrap();
    let found: Vec<_> = statement.lines.iter().map(|line| (line.line_no, line.kind())).collect();
    assert_eq!(found, [(2, LineKind::Refund), (3, LineKind::Pay)]);
    assert_eq!(statement.lines[1].at, "2026-11-22T23:20:00+08:00".parse().unwrap());
    let trailer = Trailer { count: 2, paid: Fen::new(8_000), refunded: Fen::new(3_000) };
    assert_eq!((statement.trailer, statement.quarantined.len()), (trailer, 0));
    // What is kept reads the same, and one of its lines by itself too.
    let kept = UnionPayBills.statement(&statement.original, DAY).unwrap();
    assert_eq!((&kept.lines, &kept.hash), (&statement.lines, &statement.hash));
    let pay = &statement.lines[1];
    assert_eq!(UnionPayBills.line(&[], (pay.line_no, &pay.raw), DAY).as_ref(), Ok(pay));
    assert!(UnionPayBills.line(&[], (1, "x"), DAY).is_err());
    let brought = UnionPayBills.statement(&own, DAY).unwrap_err();
    assert_eq!(brought.code, DiscrepancyCode::F02);
    assert_eq!(statement.hash.len(), 64);
    let merchant = account_at(&base, ready()).merchant.clone();
    assert_eq!(statement.check(DAY, &merchant), Ok(()));
}

#[tokio::test]
async fn every_line_is_served_for_exactly_one_day() {
    let lines = sample_at(["1121231500", "1122165842"]);
    let base = Peer::replies(move |request| match message_in(request).get("settleDate").unwrap() {
        "1122" => detail("20261122", &lines),
        _ => says("98"),
    });
    let source = UnionPayStatements::new(account_at(&base, beijing("2026-11-26T12:00:00")));
    let mut found = Vec::new();
    for day in [date(2026, 11, 20), date(2026, 11, 21), DAY, date(2026, 11, 23)] {
        let statement = source.fetch(day).await.unwrap();
        found.push((statement.lines.len(), statement.hash));
    }
    let counts: Vec<_> = found.iter().map(|(count, _)| *count).collect();
    assert_eq!(counts, [0, 1, 1, 0]);
    // One file serves two days, and neither is a copy of the other.
    assert_ne!(found[1].1, found[2].1);
    assert_eq!((found[0].1.as_str(), found[3].1.as_str()), ("", ""));
}

#[tokio::test]
async fn no_file_means_nothing_only_when_it_should_be_there() {
    let own = || ("1122", detail("20261122", &sample_at(["1122090134", "1122165842"])));
    let none = |day| (day, says("98"));
    let table = [
        // Before the later settlement day is over nobody is asked.
        (vec![], "2026-11-23T23:59:59", "not ready"),
        (vec![own(), none("1123")], "2026-11-24T11:59:59", "not ready"),
        (vec![own(), none("1123")], "2026-11-24T12:00:00", "2 lines"),
        (vec![none("1122"), none("1123")], "2026-11-24T12:00:00", "empty"),
    ];
    for (answers, now, expected) in table {
        let fetched = fetch_at(&platform(answers), beijing(now)).await;
        let said = match &fetched {
            Err(StatementError::NotReady) => "not ready",
            Ok(statement) if *statement == Statement::empty() => "empty",
            Ok(statement) if statement.lines.len() == 2 => "2 lines",
            other => panic!("{now}: {other:?}"),
        };
        assert_eq!(said, expected, "{now}");
    }
    let source = UnionPayStatements::new(account_at("https://h", ready()));
    assert_eq!(source.ready_at(DAY).map(Timestamp::as_second), Some(ready()));
}

#[tokio::test]
async fn a_damaged_file_is_refused_as_a_whole() {
    let lines = sample_at(["1122090134", "1122165842"]);
    let member = format!("INN26112288ZM_{MERCHANT}");
    let name = format!("{MERCHANT}_20261122.zip");
    let zip = zipped(&[(&member, &lines)]);
    let stored = {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options =
            SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        zip.start_file(member.as_str(), options).unwrap();
        zip.write_all(&lines).unwrap();
        zip.finish().unwrap().into_inner()
    };
    let mut altered = stored.clone();
    altered[200] ^= 1; // Within the stored text: the checksum no longer fits.
    let foreign = zipped(&[("INN26112288ZM_777290058110048", &lines)]);
    let wrong_day = sample_at(["1120090134", "1120165842"]);
    let table = [
        (file_answer(&name, &packed(&altered)), "ZIP中的文件损坏"),
        (file_answer(&name, &packed(&zip[..zip.len() / 2])), "不是完整的ZIP文件"),
        (file_answer(&name, &STANDARD.encode(&zip)), "文件内容不能解压"),
        (file_answer(&name, "§"), "文件内容不是Base64"),
        (file_answer(&name, &packed(&foreign)), "ZIP中没有本商户2026-11-22的明细文件"),
        (file_answer(&format!("{MERCHANT}_20251122.zip"), &packed(&zip)), "文件名是"),
        (detail("20261122", &wrong_day), "没有一笔交易在2026-11-22的清算时段内"),
    ];
    for (reply, reason) in table {
        let base = platform(vec![("1122", reply), ("1123", says("98"))]);
        match fetch_at(&base, beijing("2026-11-24T12:00:00")).await {
            Err(StatementError::Damaged(fault)) => {
                assert_eq!(fault.code, DiscrepancyCode::F02);
                assert!(fault.reason.starts_with(reason), "{} is not {reason}", fault.reason);
            }
            other => panic!("{reason}: {other:?}"),
        }
    }
    let good = platform(vec![("1122", file_answer(&name, &packed(&stored))), ("1123", says("98"))]);
    assert!(fetch_at(&good, beijing("2026-11-24T12:00:00")).await.is_ok());
}

#[tokio::test]
async fn a_set_aside_line_does_not_upset_the_totals() {
    let text = String::from_utf8(sample_at(["1122090134", "1122165842"])).unwrap();
    let broken = text.replace(" 01 01 000201", " 99 01 000201");
    let base =
        platform(vec![("1122", detail("20261122", broken.as_bytes())), ("1123", says("98"))]);
    let statement = fetch_at(&base, beijing("2026-11-24T12:00:00")).await.unwrap();
    assert_eq!((statement.lines.len(), statement.quarantined.len()), (1, 1));
    let merchant = account_at(&base, ready()).merchant.clone();
    assert_eq!(statement.check(DAY, &merchant), Ok(()));
}

#[tokio::test]
async fn refusals_and_silence_are_told_apart() {
    for (reply, refused) in [(says("31"), true), (says("05"), false), (http(502, ""), false)] {
        match fetch_at(&Peer::answers(&reply), ready()).await {
            Err(StatementError::Outside(OutsideError::Refused { .. })) => assert!(refused),
            Err(StatementError::Outside(OutsideError::OutcomeUnknown(_))) => assert!(!refused),
            other => panic!("{other:?}"),
        }
    }
}
