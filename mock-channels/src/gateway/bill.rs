//! What is owed, as the gateway shows it.

use super::{Details, Exception, Params, field, yuan};
use crate::clock::{Day, compact_time};
use crate::outside::Outside;
use crate::world::World;
use crate::world::notice::{LateFee, Notice};

const MOST: usize = 100;
/// Number of digits of the channel in front of a notice number.
const CHANNEL_DIGITS: usize = 9;

/// `Get_AppPay_Infos`: the open bills of one payer.
pub(super) fn all(outside: &Outside, params: &Params) -> Details {
    let id_card = params.get("PAYERSFZ");
    if id_card.is_empty() {
        return Err(Exception::new("INVALID", "PAYERSFZ必填"));
    }
    outside.read(|world| {
        let Some(citizen) = world.citizen_by_id_card(id_card) else {
            return Ok(Vec::new());
        };
        let open = world
            .notices
            .values()
            .filter(|notice| notice.citizen_id == citizen.id && notice.state_code() == "0");
        Ok(open.take(MOST).map(|notice| detail(world, notice)).collect())
    })
}

/// `Get_AppPay_Info`: one bill in whatever state, by its number or by the number's two parts.
pub(super) fn one(outside: &Outside, params: &Params) -> Details {
    let number = match params.get("NOTICENO") {
        "" => format!("{}{}", params.get("CHANNELNO"), params.get("ORIGINALNOTICENO")),
        number => number.to_owned(),
    };
    outside.read(|world| {
        let found = world.notices.get(&number);
        Ok(found.map(|notice| detail(world, notice)).into_iter().collect())
    })
}

fn detail(world: &World, notice: &Notice) -> String {
    let (channel, original) = notice.notice_no.split_at(CHANNEL_DIGITS);
    let payer = world.citizen(&notice.citizen_id);
    let by_platform = !matches!(notice.item.late, LateFee::Fixed { .. });
    let (expiry_date, expiry_time) = match notice.expires_ms {
        Some(at_ms) => (Day::of(at_ms).compact(), compact_time(at_ms)),
        None => (String::new(), String::new()),
    };
    let fields = [
        ("REGICODE", notice.region.as_str()),
        ("NOTICENO", &notice.notice_no),
        ("CHANNELNO", channel),
        ("ORIGINALNOTICENO", original),
        ("PAYER", payer.map_or("", |payer| &payer.name)),
        ("PAYERSFZ", payer.map_or("", |payer| &payer.id_card)),
        ("MOBILE", payer.map_or("", |payer| &payer.phone)),
        ("MAKEDATE", &Day::of(notice.made_ms).compact()),
        ("MAKETIME", &compact_time(notice.made_ms)),
        ("TOTALMONEY", &yuan(notice.item.amount_fen)),
        ("YWCODE", "004"),
        ("ENTERCODE", &notice.agency_code),
        ("ENTERNAME", &notice.agency_name),
        ("NOTICEDIS", &notice.title),
        ("ISTRUENAME", "0"),
        ("EXPIREDPAYDATE", &expiry_date),
        ("EXPIREDPAYTIME", &expiry_time),
        ("ISCOUNTOVERDUE", if by_platform { "1" } else { "0" }),
        ("PRINTINFO", &notice.title),
        ("STATE", notice.state_code()),
    ];
    let fields: String = fields.iter().map(|(name, value)| field(name, value)).collect();
    fields + &project(notice)
}

fn project(notice: &Notice) -> String {
    let item = &notice.item;
    let amount = yuan(item.amount_fen);
    let mut fields = vec![
        field("CHITCODE", &item.code),
        field("CHITNAME", &item.name),
        field("METRICUNIT", "件"),
        field("CHCOUNT", "1"),
        field("CHARGESTANDARD", &amount),
        field("CHMONEY", &amount),
    ];
    let (exists, cap, ratio, start) = match &item.late {
        LateFee::None => ("0", "0.00".to_owned(), String::new(), String::new()),
        LateFee::Fixed { .. } => ("1", "0.00".to_owned(), String::new(), String::new()),
        LateFee::ByDay { permille, first_late_day, cap_fen } => {
            ("1", yuan(*cap_fen), ratio(*permille), first_late_day.compact())
        }
    };
    fields.extend([
        field("ISEXISTSOVERDUE", exists),
        field("MAXPAYMENT", &cap),
        field("PAYMENTRADIO", &ratio),
        field("STARTCALCDATE", &start),
    ]);
    let booked = if exists == "1" { ("10601011", "加处罚款") } else { ("", "") };
    fields.extend([field("BELONGCHITCODE", booked.0), field("BELONGCHITNAME", booked.1)]);
    if let LateFee::Fixed { fen } = item.late {
        fields.push(field("OVERDUEMONEY", &yuan(fen)));
    }
    format!("<PROJECT>{}</PROJECT>", fields.concat())
}

/// Thousandths as a decimal without trailing zeros: 30 is `0.03`.
fn ratio(permille: i64) -> String {
    let text = format!("{}.{:03}", permille / 1000, permille % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_plain_decimals() {
        assert_eq!((ratio(30), ratio(5), ratio(1000)), ("0.03".into(), "0.005".into(), "1".into()));
    }
}
