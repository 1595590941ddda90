//! What a run leaves behind on both databases: the verdict of every line, and the lines that exceptions are about.

use crate::databases::{both, run as sql};
use domain::fakes::samples::at;
use domain::identity::{AuditRecord, AuditTrail as _};
use domain::money::Fen;
use domain::reconciliation::DiscrepancyCode as Code;
use domain::reconciliation::desk::{
    DeskBook, ExceptionFilter, FileRun, FileVerdicts, Leg, LegSide, LineVerdict, NewRun,
    Particulars,
};
use domain::reconciliation::engine::Placed;
use jiff::civil::{Date, date};
use std::collections::BTreeMap;
use std::sync::Arc;

const DAY: Date = date(2026, 9, 30);

fn short(fen: i64) -> Particulars {
    Particulars {
        code: Code::L03,
        at_risk: Fen::new(fen),
        equation: Fen::new(fen),
        rail: "WECHAT_PAY".to_owned(),
        merchant_no: "1900007291".to_owned(),
        order_no: "YW1".to_owned(),
        refund_no: String::new(),
        notice_no: String::new(),
        txn_no: "4200".to_owned(),
        credit_no: String::new(),
        file: "ledger.csv".to_owned(),
        line_no: 2,
        ambiguous: false,
        cause: "L03".to_owned(),
        due_at: at(7_200),
        note: "账单里没有".to_owned(),
    }
}

fn leg(line_no: u32) -> Leg {
    Leg {
        side: LegSide::Rail,
        file: "wechat.csv".to_owned(),
        line_no,
        raw: "`oUpF8uMuAJO_M2pxb1Q9zNjWeS6o,`1.00\0".to_owned(),
        personal: vec!["oUpF8uMuAJO_M2pxb1Q9zNjWeS6o".to_owned()],
        fields: vec![("金额（元）".to_owned(), "1.00".to_owned())],
    }
}

fn run(seconds: i64, fen: i64, files: Vec<(&str, Vec<u8>)>, legs: Vec<Leg>) -> NewRun {
    let file = |(name, lines): (&str, Vec<u8>)| FileVerdicts {
        file: name.to_owned(),
        sha256: "5".repeat(64),
        lines,
    };
    NewRun {
        day: DAY,
        inputs: format!("in{seconds}"),
        digest: format!("out{seconds}"),
        holds: true,
        at: at(seconds),
        by: "worker".to_owned(),
        summary: "{}".to_owned(),
        findings: vec![short(fen)],
        seen: Vec::new(),
        verdicts: files.into_iter().map(file).collect(),
        legs: BTreeMap::from([(short(fen).key(), legs)]),
    }
}

#[tokio::test]
async fn every_verdict_and_every_line_of_an_exception_is_read_back() {
    for opened in both().await {
        let book: Arc<dyn DeskBook> = Arc::new(opened.store.clone());
        let file = FileRun { book: book.clone() };
        let matched = LineVerdict::Judged(Placed::Matched, None).byte();
        let missed = LineVerdict::Judged(Placed::Exception, Some(Code::L03)).byte();
        // One file is longer than a row, two have the same name, one was not used.
        let mut long = vec![matched; 600_001];
        long[0] = 0;
        long[600_000] = missed;
        let files = vec![
            ("ledger.csv", long.clone()),
            ("wechat.csv", vec![0, matched]),
            ("wechat.csv", vec![]),
            ("wechat.csv", vec![0, missed, matched]),
        ];
        file.run(&run(10, -100, files, vec![leg(2), leg(3)])).await.unwrap();
        let judged = book.judged_files(DAY, 1).await.unwrap();
        let told: Vec<_> =
            judged.iter().map(|of| (of.position, of.file.as_str(), of.last_line)).collect();
        assert_eq!(told, [(1, "ledger.csv", 600_001), (2, "wechat.csv", 2), (4, "wechat.csv", 3)]);
        let mut read = Vec::new();
        loop {
            let first = u32::try_from(read.len() + 1).unwrap();
            let part = book.line_verdicts(DAY, 1, 1, first).await.unwrap();
            if part.is_empty() {
                break;
            }
            read.extend(part);
        }
        assert!(read == long, "all of them, in order");
        for (first, expected) in [(1, Some(0)), (2, Some(missed)), (3, Some(matched)), (4, None)] {
            let part = book.line_verdicts(DAY, 1, 4, first).await.unwrap();
            assert_eq!(part.first().copied(), expected, "{first}");
        }
        assert!(book.line_verdicts(DAY, 2, 1, 1).await.unwrap().is_empty());
        let filter = ExceptionFilter { day: Some(DAY), ..ExceptionFilter::default() };
        let found = book.exceptions(&filter, None, 9).await.unwrap();
        assert_eq!(book.legs(&found[0].no).await.unwrap(), [leg(2), leg(3)]);
        // Nothing changed: the lines stay those of the run that found it. Another amount: those of the new run.
        file.run(&run(20, -100, vec![], vec![leg(9)])).await.unwrap();
        assert_eq!(book.legs(&found[0].no).await.unwrap(), [leg(2), leg(3)]);
        file.run(&run(30, -101, vec![], vec![leg(9)])).await.unwrap();
        assert_eq!(book.legs(&found[0].no).await.unwrap(), [leg(9)]);
        assert_eq!(book.legs("DZ1").await.unwrap(), []);
        // A row that says it in clear would be refused its change.
        let in_clear = "UPDATE desk_leg SET run = run WHERE legs LIKE '%oUpF%'";
        assert_eq!(sql(&opened, in_clear).await, Ok(0), "sealed");
        let look = AuditRecord::new(at(40), "文员", "EXCEPTION_LOOK", &found[0].no, "来电");
        opened.store.append(&look).await.unwrap();
        assert_eq!(opened.store.verify_audit("").await.unwrap().faults, Vec::<String>::new());
        let other = format!("'{}'", "0".repeat(64));
        for attack in [
            "UPDATE desk_verdict SET lines = lines".to_owned(),
            "UPDATE desk_verdict SET run = 3 WHERE position = 4".to_owned(),
            "DELETE FROM desk_verdict WHERE position = 4".to_owned(),
            format!(
                "INSERT INTO desk_verdict (day, run, position, first_line, file, sha256, lines) \
                 SELECT day, 1, 9, 1, file, {other}, lines FROM desk_verdict WHERE position = 4"
            ),
            format!(
                "INSERT INTO desk_verdict (day, run, position, first_line, file, sha256, lines) \
                 SELECT day, 7, 9, 1, file, {other}, lines FROM desk_verdict WHERE position = 4"
            ),
            "UPDATE desk_leg SET legs = ''".to_owned(),
            "DELETE FROM desk_leg".to_owned(),
        ] {
            assert!(sql(&opened, &attack).await.is_err(), "{attack}");
        }
    }
}
