//! What became of a transaction (`queryTrans.do`).

use super::request::Request;
use super::{Answer, Refusal, code, report};
use crate::outside::Outside;
use crate::world::World;

/// The answer names the transaction by its own type, not by that of the query.
pub(super) fn answer(outside: &Outside, request: &Request, _now_ms: i64) -> Answer {
    outside.read(|world| look_up(world, request))
}

fn look_up(world: &World, request: &Request) -> Answer {
    request.require_one_of("txnType", &["00"])?;
    request.require_one_of("txnSubType", &["00", "02"])?;
    request.require_one_of("bizType", &["000000", "000201"])?;
    let found = match request.get("queryId") {
        "" => world.unionpay.by_key(request.order_id()?, request.txn_time()?),
        query_id => world.unionpay.by_query_id(query_id),
    };
    // An order that nobody tried to pay is not known to the system that pays.
    let known = found.and_then(|one| one.code().map(|code| (one, code)));
    let (transaction, orig_code) = known.ok_or_else(|| Refusal::new("34", ""))?;
    let mut fields = report::fields(transaction);
    // The product is that of the query.
    fields.remove("bizType");
    fields.insert("origRespCode".to_owned(), orig_code.to_owned());
    fields.insert("origRespMsg".to_owned(), code::message(orig_code, ""));
    fields.insert("issuerIdentifyMode".to_owned(), "0".to_owned());
    Ok(fields)
}
