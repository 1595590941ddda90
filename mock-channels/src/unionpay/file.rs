//! Asking for the settlement file of a day (transaction 76).

use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::request::Request;
use super::{Answer, Refusal, settlement};
use crate::clock::{Day, HOUR_MS};
use crate::crypto;
use crate::outside::Outside;
use crate::world::World;
use crate::world::fault::{self, BillFault, BillFaultKind};
use crate::world::unionpay::Fields;

/// The file of a day is there at this time of the next.
const READY_AT_MS: i64 = 9 * HOUR_MS;

pub(super) fn answer(outside: &Outside, request: &Request, now_ms: i64) -> Answer {
    outside.change(|world| file(world, request, now_ms))
}

fn file(world: &mut World, request: &Request, now_ms: i64) -> Answer {
    request.require_one_of("txnType", &["76"])?;
    request.require_one_of("txnSubType", &["01"])?;
    request.require_one_of("bizType", &["000000"])?;
    request.require_one_of("fileType", &["00"])?;
    request.current_txn_time(now_ms)?;
    let settle_date = request.require("settleDate")?;
    let day = latest(settle_date, now_ms).ok_or_else(|| Refusal::new("10", "settleDate"))?;
    let none = || Refusal::new("98", "");
    if now_ms < day.plus(1).start_ms() + READY_AT_MS {
        return Err(none());
    }
    let mer_id = request.get("merId").to_owned();
    let lines = settlement::lines_of(&world.unionpay, day, &mer_id);
    let asked = fault::take_bill(&mut world.unionpay.file_faults, day);
    let extra = asked.as_ref().is_some_and(|asked| asked.fault == BillFaultKind::ExtraLine);
    if lines.is_empty() && !extra {
        return Err(none());
    }
    let failed = |_error| Refusal::new("01", "");
    let zip = settlement::archive(lines, day, &mer_id, asked.as_ref().map(BillFault::spoilt))
        .map_err(failed)?;
    let content = crypto::base64(&deflated(&zip).map_err(|_error| Refusal::new("01", ""))?);
    let mut fields = request.picked(&["fileType", "settleDate"]);
    fields.extend(Fields::from([
        ("fileContent".to_owned(), content),
        ("fileName".to_owned(), format!("{mer_id}_{}.zip", day.compact())),
    ]));
    Ok(fields)
}

/// The last day with this month and day that is not in the future.
fn latest(settle_date: &str, now_ms: i64) -> Option<Day> {
    let today = Day::of(now_ms);
    let year: i32 = today.text().get(..4)?.parse().ok()?;
    // A leap day may be four years back, over a century eight.
    (0..=8)
        .filter_map(|back| Day::from_compact(&format!("{}{settle_date}", year - back)))
        .find(|day| *day <= today)
}

fn deflated(bytes: &[u8]) -> Result<Vec<u8>, std::io::Error> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes)?;
    encoder.finish()
}
