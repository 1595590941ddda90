//! Tests of whole folders: what is wrong with files, and that streaming and sifting change nothing.

use super::load::judge_in_blocks;
use super::*;
use domain::reconciliation::DiscrepancyCode as Code;
use std::path::PathBuf;

const LEDGER: &str = "kind,order_no,refund_no,notice_no,rail,merchant_no,app_id,rail_txn_no,amount_fen,state,at,\
accounting_day,settled_on,agency_code,item_code\n";
const HEADER: &str = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,\
交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,\
退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注\r\n";
const TOTALS: &str = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额\r\n";

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    fn new() -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("yiwang-day-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        let folder = Self(path);
        folder.rules("");
        folder
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn rules(&self, more: &str) {
        self.put(
            "rules.json",
            format!(
                r#"{{"day":"2026-09-30","judged_at":"2026-10-01T12:00:00+08:00","cut_minutes":10,"write_off_due_minutes":60,
                "payout_due_days":1,"fee_tolerance_fen":0,"merchants":[{{"rail":"WECHAT_PAY","merchant_no":"19","app_ids":["wx"],
                "fee_ppm":0,"account":"A"}}]{more}}}"#
            ),
        );
    }

    fn paths(&self, statements: &[&str]) -> Paths {
        Paths {
            ledger: self.0.join("ledger.csv"),
            statements: statements.iter().map(|name| self.0.join(name)).collect(),
            ..Paths::default()
        }
    }
}

fn booked(n: u32) -> String {
    format!(
        "PAY,O{n},,N{n},WECHAT_PAY,19,wx,T{n},{},PAID,2026-09-30T10:00:00+08:00,2026-09-30,,33,1\n",
        100 + n
    )
}

fn stated(n: u32) -> String {
    let yuan = format!("{}.{:02}", (100 + n) / 100, (100 + n) % 100);
    format!(
        "`2026-09-30 10:00:00,`wx,`19,`0,`,`T{n},`O{n},`u,`JSAPI,`SUCCESS,`OTHERS,`CNY,`{yuan},`0.00,`0,`0,`0.00,`0.00,`,`,\
         `缴费,`,`0.00000,`0.60%,`{yuan},`0.00,`\r\n"
    )
}

/// A bill whose totals are right for so many payments.
fn bill(lines: &[String], counted: impl Iterator<Item = u32>) -> String {
    let fen: Vec<u32> = counted.map(|n| 100 + n).collect();
    let sum: u32 = fen.iter().sum();
    let yuan = format!("{}.{:02}", sum / 100, sum % 100);
    let end = format!("`{},`{yuan},`0.00,`0.00,`0.00000,`{yuan},`0.00\r\n", fen.len());
    format!("\u{feff}{HEADER}{}{TOTALS}{end}", lines.concat())
}

fn day(count: u32) -> Folder {
    let folder = Folder::new();
    folder.put("ledger.csv", format!("{LEDGER}{}", (0..count).map(booked).collect::<String>()));
    let lines: Vec<_> = (0..count).map(stated).collect();
    folder.put("wechat.csv", bill(&lines, 0..count));
    folder
}

#[track_caller]
fn codes(paths: &Paths) -> Vec<(Code, i64)> {
    let judged = judge(paths, Detail::Lines).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert!(judged.verdicts.hold(), "{:?}", judged.verdicts.identities);
    judged.verdicts.findings.iter().map(|f| (f.code, f.at_risk.value())).collect()
}

#[test]
fn a_clean_day_of_any_size() {
    for count in [0, 1, 2, 1_000] {
        let folder = day(count);
        let judged = judge(&folder.paths(&["wechat.csv"]), Detail::Lines).unwrap();
        assert!(judged.verdicts.findings.is_empty() && judged.verdicts.hold());
        assert_eq!(judged.aside.orders, u64::from(count));
        assert_eq!(judged.lines.unwrap().len(), 2 * count as usize);
    }
}

#[test]
fn one_bad_line_and_all_others_match() {
    let folder = day(1_000);
    let mut lines: Vec<_> = (0..1_000).map(stated).collect();
    lines[499] = lines[499].replace("`CNY", "`USD");
    folder.put("wechat.csv", bill(&lines, 0..1_000));
    let judged = judge(&folder.paths(&["wechat.csv"]), Detail::Lines).unwrap();
    let found = &judged.verdicts.findings;
    // A line that cannot be read explains nothing: what it was meant to prove is missed until it is mended.
    let said: Vec<_> = found.iter().map(|one| (one.code, one.at_risk.value())).collect();
    assert_eq!(said, [(Code::F05, 599), (Code::L03, -599)]);
    assert_eq!(found[0].origin.unwrap().line_no, 501, "the header is line 1");
    assert!(judged.verdicts.hold());
    let rows = judged.lines.unwrap();
    let bill_lines =
        |bucket| rows.iter().filter(|row| row.file == 1 && row.verdict.words().0 == bucket).count();
    assert_eq!((bill_lines("MATCHED"), bill_lines("QUARANTINED")), (999, 1));
}

#[test]
fn files_that_cannot_be_trusted() {
    let folder = day(3);
    let good = std::fs::read_to_string(folder.0.join("wechat.csv")).unwrap();
    let cut = good[..good.find("总交易单数").unwrap()].to_owned();
    let off = |from: &str, to: &str| good.replacen(from, to, 1);
    let (gbk, _, _) = encoding_rs::GBK.encode(&good);
    let cases: Vec<(&str, Vec<u8>, Code, i64)> = vec![
        ("cut off", cut.into_bytes(), Code::F02, 0),
        ("cut in the totals", good.as_bytes()[..good.len() - 30].to_vec(), Code::F02, 0),
        ("empty", Vec::new(), Code::F02, 0),
        ("another day", good.replace("2026-09-30 10", "2026-09-29 10").into_bytes(), Code::F02, 0),
        ("another merchant", good.replace("`19,", "`20,").into_bytes(), Code::F02, 0),
        ("GBK", gbk.into_owned(), Code::F02, 0),
        ("junk", b"\x81\xff\x00\xfe".to_vec(), Code::F02, 0),
        ("no zip", b"PK\x03\x04 nothing".to_vec(), Code::F02, 0),
        ("a line lost", good.replacen(&stated(1), "", 1).into_bytes(), Code::F03, 101),
        (
            "a sum off",
            off("`3,`3.03", "`3,`3.03")
                .replacen("`3.03,`0.00\r\n", "`3.04,`0.00\r\n", 1)
                .into_bytes(),
            Code::F03,
            1,
        ),
        ("no number of lines", off("`3,`3.03", "`x,`3.03").into_bytes(), Code::F02, 0),
        ("a fee total off", off("`0.00000,`3.03", "`0.01000,`3.03").into_bytes(), Code::F03, 0),
    ];
    for (name, bytes, code, at_risk) in cases {
        folder.put("wechat.csv", bytes);
        folder.rules(r#","expected_files":["WECHAT_PAY:19"]"#);
        assert_eq!(codes(&folder.paths(&["wechat.csv"])), [(code, at_risk)], "{name}");
    }
    assert_eq!(codes(&folder.paths(&[])), [(Code::F01, 0)], "not there");
}

#[test]
fn hashes_and_files_that_were_there_before() {
    let folder = day(3);
    let original = std::fs::read(folder.0.join("wechat.csv")).unwrap();
    let sha1 = crate::crypto::sha1_hex(&original);
    let sha256 = crate::crypto::sha256_hex(&original);
    folder.rules(&format!(r#","file_hashes":{{"wechat.csv":"sha1:{sha1}"}}"#));
    assert_eq!(codes(&folder.paths(&["wechat.csv"])), []);
    let wrong = format!("{}0", &sha1[..39]);
    folder.rules(&format!(r#","file_hashes":{{"wechat.csv":"sha1:{wrong}"}}"#));
    let found = codes(&folder.paths(&["wechat.csv"]));
    assert!(found == [(Code::F02, 0)] || wrong == sha1);
    folder.rules(&format!(r#","seen_files":["{sha256}"],"expected_files":["WECHAT_PAY:19"]"#));
    assert_eq!(codes(&folder.paths(&["wechat.csv"])), [(Code::F04, 0)]);
    folder.rules("");
    folder.put("again.csv", &original);
    assert_eq!(codes(&folder.paths(&["wechat.csv", "again.csv"])), [(Code::F04, 0)]);
}

#[test]
fn faults_of_ledger_and_rules_are_told_all_at_once() {
    let folder = day(1);
    let bad = "PAY,O1,,,WECHAT_PAY,19,wx,T,0,PAID,2026-09-30T10:00:00+08:00,2026-09-30,,33,1\n";
    let worse = "GIFT,,,,CASH,19,wx,T,1.5,PAID,gestern,2026-13-30,x,33,1\n";
    let twice = format!("{LEDGER}{}{}{bad}{worse}PAY,O1\n", booked(0), booked(0));
    folder.put("ledger.csv", twice);
    let faults = judge(&folder.paths(&["wechat.csv"]), Detail::Findings).err().unwrap();
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert_eq!(faults[0], "ledger.csv 第4行：amount_fen不对：0");
    assert!(faults[1].contains("kind不对：GIFT") && faults[1].contains("accounting_day不对"));
    assert_eq!(faults[2], "ledger.csv 第6行：应有15列，实有2列");
    folder.put("ledger.csv", format!("{LEDGER}{}{}", booked(0), booked(0)));
    let faults = judge(&folder.paths(&["wechat.csv"]), Detail::Findings).err().unwrap();
    assert_eq!(faults, ["ledger.csv 第3行：order_no重复：O0"]);
    folder.put("ledger.csv", format!("{LEDGER}{}#total,2,100\n", booked(0)));
    let faults = judge(&folder.paths(&["wechat.csv"]), Detail::Findings).err().unwrap();
    assert_eq!(faults, ["ledger.csv：合计行写2行100分，实有1行100分"]);
    folder.rules(r#","expected_files":["MOON"],"file_hashes":{"a":"b"}"#);
    let faults = judge(&folder.paths(&["nothing.csv"]), Detail::Findings).err().unwrap();
    assert_eq!(faults.len(), 3, "{faults:?}");
}

#[test]
fn quotes_bom_and_line_ends_of_the_ledger() {
    let folder = day(2);
    let quoted = booked(1).replace("O1", "\"O1\"").replace("N1", "\"N\"\"1,x\"");
    let text = format!("\u{feff}{LEDGER}{}{quoted}", booked(0)).replace('\n', "\r\n");
    folder.put("ledger.csv", text.trim_end());
    assert_eq!(codes(&folder.paths(&["wechat.csv"])), []);
}

/// A few lines wrong in every way, in blocks of every size: the same as when all is read at once and nothing put aside.
#[test]
fn blocks_and_sifting_change_nothing() {
    let folder = day(0);
    let mut ledger: Vec<String> = (0..60).map(booked).collect();
    let mut lines: Vec<String> = (0..60).map(stated).collect();
    ledger[3] = ledger[3].replace("PAID", "CLOSED");
    ledger[5] = ledger[5].replace("N5", "N6");
    ledger[7] = ledger[7].replace(",O7", ",\"O7\"");
    ledger[9] = booked(9).replace("2026-09-30,,", "2026-10-01,,");
    ledger.remove(11);
    lines[13] = lines[13].replace("`T13", "`T14");
    lines[20] = lines[20].replace("`O20", "`O21");
    lines[30] = lines[30].replace("`wx", "`wy");
    lines.push(stated(31));
    lines.push(stated(32).replace("`T32", "`T99"));
    let counted = (0..60).chain([31, 32]);
    lines[40] = lines[40].replace("10:00:00", "25:00:00");
    let bill = bill(&lines, counted);
    folder.put("ledger.csv", format!("{LEDGER}{}", ledger.concat()));
    folder.put("wechat.csv", bill);
    let paths = folder.paths(&["wechat.csv"]);
    let plain =
        judge_in_blocks(&paths, Detail::Lines, 1 << 20, false).unwrap_or_else(|f| panic!("{f:?}"));
    assert_eq!(plain.aside.orders, 0);
    assert!(plain.verdicts.hold() && plain.verdicts.findings.len() > 8);
    for size in [97, 200, 333, 1_000, 4_096, 1 << 20] {
        let sifted = judge_in_blocks(&paths, Detail::Lines, size, true).unwrap();
        assert!(sifted.aside.orders > 30, "{}", sifted.aside.orders);
        assert_eq!(sifted.verdicts.findings, plain.verdicts.findings, "{size}");
        assert_eq!(sifted.digest, plain.digest);
        let buckets = |judged: &Judged| -> Vec<_> {
            let rows = judged.lines.as_ref().unwrap().iter();
            rows.map(|row| (row.file, row.line_no, row.verdict)).collect()
        };
        assert_eq!(buckets(&sifted), buckets(&plain), "{size}");
    }
}

/// What the desk keeps: a byte of every line, and the lines of both sides that a finding is about.
#[test]
fn a_filed_day_keeps_every_verdict_and_the_lines_of_both_sides() {
    let folder = day(1_000);
    let mut lines: Vec<_> = (0..1_000).map(stated).collect();
    lines[7] = lines[7].replace("`CNY", "`USD");
    folder.put("wechat.csv", bill(&lines, 0..1_000));
    let ledger: String = (0..1_000)
        .map(|no| if no == 9 { booked(9).replace(",109,", ",110,") } else { booked(no) })
        .map(|line| line.replace(",O11,", ",\"O11\",").replace(",N11,", ",\"N,11\","))
        .collect();
    folder.put("ledger.csv", format!("{LEDGER}{ledger}"));
    let paths = folder.paths(&["wechat.csv"]);
    for (size, sift) in [(1 << 20, true), (4_096, true), (1 << 20, false)] {
        let judged = judge_in_blocks(&paths, Detail::Filed, size, sift).unwrap();
        let rows = judge_in_blocks(&paths, Detail::Lines, size, sift).unwrap().lines.unwrap();
        for (file, of) in (0..).zip(&judged.places) {
            let said = (1..).zip(&of.lines).filter(|(_, byte)| **byte != 0);
            let said: Vec<(u32, u8)> = said.map(|(line_no, byte)| (line_no, *byte)).collect();
            let of_file = rows.iter().filter(|row| row.file == file);
            let expected: Vec<_> = of_file.map(|row| (row.line_no, row.verdict.byte())).collect();
            assert_eq!(said, expected, "{}", of.file);
            assert_eq!(said.len(), 1_000);
        }
        let findings = &judged.verdicts.findings;
        assert_eq!(findings.len(), judged.legs.len());
        let run = as_run(&judged, jiff::Timestamp::UNIX_EPOCH, "test");
        assert_eq!(run.legs.len(), findings.len());
        for (found, legs) in findings.iter().zip(&judged.legs) {
            assert!(legs.iter().all(|leg| !leg.raw.is_empty() && !leg.raw.ends_with('\r')));
            let raw = |file: &str| legs.iter().filter(|leg| leg.file == file).count();
            if found.code == Code::F05 {
                assert!(raw("wechat.csv") == 1 && legs[1].raw.contains("`USD"));
            } else if found.code == Code::L03 {
                assert_eq!(raw("ledger.csv"), 1);
            } else {
                assert_eq!((raw("ledger.csv"), raw("wechat.csv")), (1, 1), "{found:?}");
            }
            for leg in legs.iter().filter(|leg| leg.file == "wechat.csv") {
                let raw = leg.raw.trim_start_matches('\u{feff}');
                assert_eq!(leg.personal, [raw.split(",`").nth(7).unwrap()], "the openid");
            }
        }
        assert!(findings.iter().any(|found| found.order_no == "O9"));
    }
}

#[test]
fn what_was_found_is_written_whole() {
    let folder = day(3);
    folder.put("ledger.csv", format!("{LEDGER}{}", booked(0)));
    let judged = judge(&folder.paths(&["wechat.csv"]), Detail::Lines).unwrap();
    let out = folder.0.join("out");
    write(&judged, &out).unwrap();
    write(&judged, &out).unwrap();
    let mut names: Vec<_> =
        std::fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["lines.csv", "suggestions.csv", "summary.json", "verdicts.csv"]);
    let verdicts = std::fs::read_to_string(out.join("verdicts.csv")).unwrap();
    assert_eq!(verdicts.lines().count(), 3);
    assert!(
        verdicts
            .lines()
            .nth(1)
            .unwrap()
            .starts_with("L01,101,101,WECHAT_PAY,19,O1,,,T1,,wechat.csv,3,false,")
    );
}
