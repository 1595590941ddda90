//! Settlement files of UnionPay, and what outlives a restart.

use std::io::{Cursor, Read as _};

use flate2::read::ZlibDecoder;
use serde_json::{Value, json};

use super::Bench;
use crate::crypto;
use crate::world::unionpay::Fields;

const FILES: &str = "/unionpay/filedownload/";

pub(super) async fn asks(bench: &Bench, settle_date: &str) -> Fields {
    bench.union_call(FILES, bench.union_file(settle_date)).await
}

/// The lines of the detail, cut as documented; or what stopped the reading.
pub(super) fn lines_of(answer: &Fields) -> Result<Vec<String>, String> {
    let deflated = crypto::from_base64(&answer["fileContent"]).unwrap();
    let mut zip = Vec::new();
    ZlibDecoder::new(deflated.as_slice()).read_to_end(&mut zip).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).map_err(|error| error.to_string())?;
    let (mer_id, date) = answer["fileName"].trim_end_matches(".zip").split_once('_').unwrap();
    assert_eq!(archive.len(), 2);
    let exceptions = archive.by_name(&format!("INN{}88ZME_{mer_id}", &date[2..])).unwrap();
    assert_eq!(exceptions.size(), 0);
    drop(exceptions);
    let mut detail = String::new();
    archive
        .by_name(&format!("INN{}88ZM_{mer_id}", &date[2..]))
        .unwrap()
        .read_to_string(&mut detail)
        .map_err(|error| error.to_string())?;
    Ok(detail.split_terminator("\r\n").map(str::to_owned).collect())
}

fn amount(line: &str) -> i64 {
    line[66..78].parse().unwrap()
}

pub(super) fn order_id(line: &str) -> &str {
    line[112..144].trim_end()
}

#[actix_web::test]
async fn the_file_holds_what_moved_on_the_settlement_day() {
    let bench = Bench::start().await;
    let query_id = bench.union_pays("GOV0000201", 8_000).await;
    bench.union_refunds("RF00000201", &query_id, 3_000).await;
    bench.union_places("GOV0000202", 100).await;
    bench.lever("/unionpay/orders/GOV0000202/refuse", json!({"respCode": "64"})).await;
    bench.lever("/clock", json!({"set": "2026-03-02T23:00:01+08:00"})).await;
    bench.union_pays("GOV0000203", 700).await;
    bench.lever("/clock", json!({"set": "2026-03-03T08:59:00+08:00"})).await;
    assert_eq!(asks(&bench, "0302").await["respCode"], "98", "not yet");
    bench.lever("/clock", json!({"advanceSeconds": 60})).await;
    let answer = asks(&bench, "0302").await;
    let mer_id = &bench.onboarding.unionpay.mer_id;
    assert_eq!(answer["fileName"], format!("{mer_id}_20260302.zip"));
    let lines = lines_of(&answer).unwrap();
    let seen: Vec<_> =
        lines.iter().map(|line| (&line[..3], order_id(line), amount(line))).collect();
    assert_eq!(seen, [("S22", "GOV0000201", 8_000), ("S30", "RF00000201", 3_000)]);
    assert!(lines.iter().all(|line| line.len() == 607));
    let truth = bench.look("/unionpay/truth?date=2026-03-02").await;
    let told: Vec<&Value> = truth["transactions"].as_array().unwrap().iter().collect();
    assert_eq!(told.len(), 2);
    assert_eq!((&told[0]["orderId"], &told[1]["amountFen"]), (&json!("GOV0000201"), &json!(3_000)));
    assert_eq!(asks(&bench, "0301").await["respCode"], "98", "nothing moved");
    assert_eq!(asks(&bench, "0230").await["respCode"], "10");
    bench.lever("/clock", json!({"nextDayAt": "09:00"})).await;
    assert_eq!(order_id(&lines_of(&asks(&bench, "0303").await).unwrap()[0]), "GOV0000203");
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn files_go_wrong_as_asked_and_then_no_more() {
    let bench = Bench::start().await;
    bench.union_pays("GOV0000211", 8_000).await;
    bench.union_pays("GOV0000212", 900).await;
    bench.lever("/clock", json!({"nextDayAt": "10:00"})).await;
    let good = lines_of(&asks(&bench, "0302").await).unwrap();
    let spoilt = async |fault: &str| {
        let wish = json!({"date": "2026-03-02", "fault": fault, "times": 1});
        bench.lever("/unionpay/files", wish).await;
        lines_of(&asks(&bench, "0302").await)
    };
    assert!(spoilt("truncated").await.is_err());
    assert!(spoilt("wrong-hash").await.unwrap_err().to_lowercase().contains("checksum"));
    assert_eq!(spoilt("drop-line").await.unwrap(), good[1..]);
    let twice = spoilt("duplicate-line").await.unwrap();
    assert_eq!((twice.len(), &twice[0]), (3, &twice[1]));
    assert_eq!(amount(&spoilt("change-amount").await.unwrap()[0]), 8_001);
    assert_eq!(order_id(&spoilt("extra-line").await.unwrap()[2]), "EXTRA202603020001");
    assert_eq!(&spoilt("wrong-day").await.unwrap()[0][35..39], "0301");
    assert!(spoilt("bad-line").await.unwrap()[0][35..45].parse::<u64>().is_err());
    let net = |line: &str| line[181..193].parse::<i64>().unwrap();
    assert_eq!(net(&spoilt("wrong-totals").await.unwrap()[0]) - net(&good[0]), 100);
    assert_eq!(lines_of(&asks(&bench, "0302").await).unwrap(), good);
    assert_eq!(bench.look("/unionpay/files").await["bills"], json!({}));
    bench.mocks.stop().await;
}

#[actix_web::test]
async fn everything_outlives_a_restart_and_older_states_still_load() {
    let name = format!("mock-channels-{}.json", crypto::hex(&crypto::random_bytes::<8>()));
    let file = std::env::temp_dir().join(name);
    let bench = Bench::with(Some(file.clone())).await;
    let order = bench.union_places("GOV0000221", 8_000).await;
    bench.lever("/unionpay/orders/GOV0000221/approve", json!({})).await;
    let given = bench.onboarding.unionpay.clone();
    bench.lever("/unionpay/certificate", json!({})).await;
    let signed_with = bench.union_query(&order).await["signPubKeyCert"].clone();
    bench.mocks.stop().await;

    let bench = Bench::with(Some(file.clone())).await;
    assert_eq!(bench.onboarding.unionpay.mer_id, given.mer_id);
    assert_eq!(bench.onboarding.unionpay.root_certificate_pem, given.root_certificate_pem);
    let paid = bench.union_query(&order).await;
    assert_eq!((paid["origRespCode"].as_str(), &paid["signPubKeyCert"]), ("00", &signed_with));
    bench.mocks.stop().await;

    let mut state: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    state.as_object_mut().unwrap().remove("unionpay").unwrap();
    for callback in state["callbacks"].as_array_mut().unwrap() {
        callback.as_object_mut().unwrap().remove("platform").unwrap();
    }
    std::fs::write(&file, state.to_string()).unwrap();
    let bench = Bench::with(Some(file.clone())).await;
    assert_eq!(bench.look("/callbacks").await["callbacks"][0]["platform"], "wechat-pay");
    assert_eq!(bench.union_query(&order).await["respCode"], "34");
    bench.mocks.stop().await;
    std::fs::remove_file(file).unwrap();
}
