//! What only a database can do wrong with refunds: its own guards, tampered trails, data in clear.

use crate::bench::{TempFolder, paid, payment};
use crate::databases::{both, open, run};
use crate::refund_samples::{moved, requested, stored};
use domain::fakes::samples::at;
use domain::identity::{AuditRecord, AuditTrail, AuditVerdict};
use domain::outside::StoreError;
use domain::payment::{
    BalanceMove, PayeeAccount, Redirect, RedirectStep, RefundEvent, RefundStore,
};

#[tokio::test]
async fn the_database_itself_refuses_more_back_than_came_and_two_acts_of_one_person() {
    for opened in both().await {
        let one = paid(&opened.store, &payment(1, 1)).await;
        stored(&opened.store, &one, 0, &requested(1, &one, 300)).await;
        let again = |stage: &str, kind: &str, actor: &str| {
            format!(
                "INSERT INTO refund_decision SELECT refund_no, 1, '{stage}', round, '{kind}', \
                 '{actor}', reason, at FROM refund_decision WHERE position = 0"
            )
        };
        for sql in [
            "UPDATE refund_balance SET reserved = captured + 1",
            "UPDATE refund_balance SET returned = reserved + 1",
            "UPDATE refund_balance SET returned = -1",
            "UPDATE refund SET amount = 0",
            &again("CHECK", "STAFF", "甲"),
            &again("REQUEST", "STAFF", "乙"),
            "DELETE FROM refund",
        ] {
            assert!(run(&opened, sql).await.is_err(), "{sql}");
        }
        assert_eq!(run(&opened, &again("CHECK", "STAFF", "乙")).await, Ok(1), "another person may");
    }
}

#[tokio::test]
async fn an_audit_line_that_was_changed_removed_or_cut_off_is_found() {
    for (sql, number) in [
        ("UPDATE audit_entry SET detail = '别的' WHERE number = 2", 2),
        ("UPDATE audit_entry SET at = at + 1 WHERE number = 3", 3),
        ("DELETE FROM audit_entry WHERE number = 2", 2),
        ("DELETE FROM audit_entry WHERE number = 4", 4),
        ("UPDATE audit_head SET number = 5", 5),
    ] {
        for opened in both().await {
            for number in 0..4 {
                let record = AuditRecord::new(at(number), "甲", "REFUND_CHECK", "YT1", "理由");
                AuditTrail::append(&opened.store, &record).await.unwrap();
            }
            let whole = AuditTrail::verify(&opened.store).await.unwrap();
            assert!(matches!(whole, AuditVerdict::Whole { entries: 4, .. }), "{whole:?}");
            assert_eq!(run(&opened, sql).await, Ok(1));
            let verdict = AuditTrail::verify(&opened.store).await.unwrap();
            assert_eq!(verdict, AuditVerdict::Broken { number }, "{sql}");
        }
    }
}

#[tokio::test]
async fn a_refund_that_does_not_fit_its_columns_is_corrupt_and_stops_no_other() {
    for opened in both().await {
        let one = paid(&opened.store, &payment(1, 1)).await;
        let (first, second) = (requested(1, &one, 300), requested(2, &one, 300));
        stored(&opened.store, &one, 0, &first).await;
        stored(&opened.store, &one, 1, &second).await;
        let of_first = format!("WHERE no = '{}'", first.no);
        for change in [
            "status = 'PAID'",
            "status = 'DONE'",
            "rail = 'CASH'",
            "levels = 'TOWN'",
            "agency_code = NULL",
            "slices = '[{}]'",
            "asked = NULL",
            "account = 'v1:x'",
        ] {
            run(&opened, &format!("UPDATE refund SET {change} {of_first}")).await.unwrap();
            let found = RefundStore::find(&opened.store, &first.no).await;
            let corrupt = matches!(found, Err(StoreError::Corrupt { table: "refund", .. }));
            assert!(corrupt, "{change}: {found:?}");
            let back = format!(
                "UPDATE refund SET status = 'REQUESTED', rail = 'WECHAT_PAY', levels = 'LOCAL', \
                 agency_code = '330101', slices = '[]', asked = 'x', account = NULL {of_first}"
            );
            run(&opened, &back).await.unwrap();
        }
        run(&opened, &format!("UPDATE refund SET rail = 'CASH' {of_first}")).await.unwrap();
        let leased = RefundStore::lease_due(&opened.store, at(5), at(60), 10).await.unwrap();
        let numbers: Vec<_> = leased.iter().map(|refund| &refund.no).collect();
        assert_eq!(numbers, [&second.no]);
    }
}

#[tokio::test]
async fn another_account_is_not_in_the_file() {
    let folder = TempFolder::new();
    let opened = open(folder.sqlite_url(), None).await;
    let one = paid(&opened.store, &payment(1, 1)).await;
    let first = requested(1, &one, 300);
    stored(&opened.store, &one, 0, &first).await;
    let account = PayeeAccount {
        holder: "王小明".to_owned(),
        number: "6222020200112230".to_owned(),
        bank: "工商银行".to_owned(),
    };
    let mut change = moved(&first, RefundEvent::Check, BalanceMove::None);
    change.refund.redirect = Some(Redirect { account, step: RedirectStep::Named });
    RefundStore::save(&opened.store, &change).await.unwrap();
    let mut bytes = Vec::new();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("AGENCY_CHECKED"), "the files hold the refund");
    for clear in ["6222020200112230", "王小明"] {
        assert!(!holds(clear), "{clear} is there in clear");
    }
}
