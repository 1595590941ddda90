//! The clerk's day in headless Chromium, from the keyboard alone: a planted day is worked off, another person agrees, the
//! next day's file proves a refund, the day is closed, sealed and exported. axe on every page; pictures of each.

use crate::portal::{install, run};
use adapters::day_files::{Detail, Paths};
use domain::identity::StaffRole;
use domain::money::FinanceLevel;
use domain::reconciliation::desk::{
    DeskBook as _, Exception, ExceptionFilter, ExceptionState, FileRun,
};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tests::app::{Folder, TestApp};
use tests::console::{Keys, enrolled};
use tests::planted::{paths, plant};

/// One of each kind that a clerk settles, and the three of whole files that stand against closing.
const CODES: [&str; 28] = [
    "F01", "F02", "F03", "F04", "F05", "L01", "L02", "L03", "L04", "L05", "L06", "L07", "L08",
    "L09", "L10", "L11", "R01", "R02", "R03", "R04", "R05", "C01", "B01", "B02", "B03", "B04",
    "A01", "A02",
];

async fn phase(app: &TestApp, pictures: &Path, staff: &Folder, phase: &str, checks: usize) {
    let file = staff.0.join("staff.json");
    let args = [
        "clerk.mjs".to_owned(),
        app.node.base_url.clone(),
        pictures.to_str().unwrap().to_owned(),
        file.to_str().unwrap().to_owned(),
        phase.to_owned(),
    ];
    let output = run("node", args.to_vec()).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().last(), Some(format!("checks: {checks}").as_str()), "{said}");
}

fn kept_in() -> Option<PathBuf> {
    std::env::var_os("YIWANG_PICTURES").map(PathBuf::from)
}

/// The files of the day after: our ledger has sent the refund of what was paid twice, and the rail's bill has it.
fn next_day(folder: &Path, refunded: &Exception) -> Paths {
    let day = refunded.day.tomorrow().unwrap();
    let is = &refunded.is;
    assert_eq!(is.rail, "WECHAT_PAY", "the clerk chose it so");
    let (fen, merchant) = (is.at_risk.value(), &is.merchant_no);
    let yuan = is.at_risk.to_string();
    let rules = json!({
        "day": day.to_string(), "judged_at": format!("{}T12:00:00+08:00", day.tomorrow().unwrap()),
        "cut_minutes": 10, "write_off_due_minutes": 60, "payout_due_days": 1, "fee_tolerance_fen": 0,
        "merchants": [{ "rail": "WECHAT_PAY", "merchant_no": merchant, "app_ids": ["wx1"], "fee_ppm": 0,
            "account": "6222", "item_codes": [] }],
        "open_payouts": [], "seen_files": [], "expected_files": [format!("WECHAT_PAY:{merchant}")],
    });
    std::fs::write(folder.join("rules.json"), rules.to_string()).unwrap();
    let ledger = format!(
        "kind,order_no,refund_no,notice_no,rail,merchant_no,app_id,rail_txn_no,amount_fen,state,at,\
         accounting_day,settled_on,agency_code,item_code\n\
         PAY,{order},,,WECHAT_PAY,{merchant},wx1,,{fen},PAID,{before}T10:00:00+08:00,{before},{before},,\n\
         REFUND,{order},YT{order},,WECHAT_PAY,{merchant},wx1,,{fen},SUCCEEDED,{day}T09:00:00+08:00,{day},,,\n",
        order = is.order_no,
        before = refunded.day,
    );
    std::fs::write(folder.join("ledger.csv"), ledger).unwrap();
    let columns = "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,\
                   货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,\
                   商户数据包,手续费,费率,订单金额,申请退款金额,费率备注";
    let totals = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额";
    let line = format!(
        "`{day} 09:00:00,`wx1,`{merchant},`0,`,`{txn},`{order},`oUpF8u,`JSAPI,`REFUND,`OTHERS,`CNY,`0.00,`0.00,\
         `50300000012026100100000000001,`YT{order},`{yuan},`0.00,`ORIGINAL,`SUCCESS,`省政务服务缴费,`,`0.00000,`0.60%,\
         `0.00,`{yuan},`",
        txn = is.txn_no,
        order = is.order_no,
    );
    let bill = format!(
        "\u{feff}{columns}\r\n{line}\r\n{totals}\r\n`1,`0.00,`{yuan},`0.00,`0.00000,`0.00,`{yuan}\r\n"
    );
    std::fs::write(folder.join("wechat.csv"), bill).unwrap();
    Paths {
        ledger: folder.join("ledger.csv"),
        statements: vec![folder.join("wechat.csv")],
        ..Paths::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_closes_a_day_from_the_keyboard_alone() {
    install().await;
    let (app, staff) = (TestApp::start().await, Folder::fresh());
    let pictures = kept_in().unwrap_or_else(|| staff.0.join("pictures"));
    std::fs::create_dir_all(&pictures).unwrap();
    plant(11, &staff.0);
    let judged = adapters::day_files::judge(&paths(&staff.0), Detail::Filed).unwrap();
    let day = judged.rules.day;
    let book = Arc::new(app.node.store.clone());
    let file = FileRun { book: book.clone() };
    let first = adapters::day_files::as_run(&judged, domain::fakes::samples::at(10), "夜间对账");
    file.run(&first).await.unwrap();
    let finance = StaffRole::Finance(FinanceLevel::Province);
    let mut keys = serde_json::Map::new();
    for (who, name, role) in [
        ("clerk", "李文", StaffRole::Clerk),
        ("checker", "王核", StaffRole::Checker),
        ("finance", "赵财", finance),
    ] {
        let Keys { name, password, secret } = enrolled(&app, name, &[role]).await;
        keys.insert(
            who.to_owned(),
            json!({ "name": name, "password": password, "secret": secret }),
        );
    }
    let body = json!({ "day": day.to_string(), "staff": keys, "codes": CODES });
    std::fs::write(staff.0.join("staff.json"), body.to_string()).unwrap();
    phase(&app, &pictures, &staff, "1", 11).await;

    // The next day's files show the refund of the second transaction; the desk learns it when they are filed.
    let executed = ExceptionFilter {
        day: Some(day),
        states: vec![ExceptionState::Executed],
        code: Some("L07".to_owned()),
        ..ExceptionFilter::default()
    };
    let waiting = book.exceptions(&executed, None, 9).await.unwrap();
    let refunded = waiting.first().expect("a refund waits for its proof");
    let tomorrow = Folder::fresh();
    let next = adapters::day_files::judge(&next_day(&tomorrow.0, refunded), Detail::Filed).unwrap();
    assert!(
        next.verdicts.hold() && next.verdicts.findings.is_empty(),
        "{:?}",
        next.verdicts.findings
    );
    let at = domain::fakes::samples::at(86_410);
    file.run(&adapters::day_files::as_run(&next, at, "夜间对账")).await.unwrap();
    phase(&app, &pictures, &staff, "2", 4).await;

    let taken = std::fs::read_dir(&pictures).unwrap().map(|file| file.unwrap());
    let shots: Vec<_> =
        taken.filter(|file| file.file_name().to_string_lossy().ends_with(".png")).collect();
    assert_eq!(shots.len(), 15);
    assert!(shots.iter().all(|shot| shot.metadata().unwrap().len() > 5_000));
    let heads = std::fs::read_to_string(app.key_file("seal-heads.txt")).unwrap();
    let report = app.node.store.verify_audit(&heads).await.unwrap();
    assert_eq!((report.faults, report.seals), (vec![], 1));
    app.finish().await;
}
