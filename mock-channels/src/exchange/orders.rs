//! Orders that departments take, each with a notice at the gateway.

use serde_json::{Value, json};

use super::template::filled;
use super::{Call, Found, Refusal, people};
use crate::clock::{DAY_MS, Day, rfc3339};
use crate::outside::Outside;
use crate::world::World;
use crate::world::filing::NoticeWish;
use crate::world::notice::Notice;
use crate::world::people::{is_id_card, number_of};
use crate::world::raised::{Payer, Question, WalkIn};

pub(super) const NAMES: [&str; 7] = [
    "local_tax.insurance_order",
    "party.dues_order",
    "metro.ticket_order",
    "transport.coach_order",
    "ferries.ticket_order",
    "tourism.ticket_order",
    "charity.donation",
];

const MOST_TICKETS: i64 = 20;
const SOLD_AHEAD_DAYS: i64 = 60;
/// A ticket of the metro is good for so long after it was paid.
const METRO_DAYS: i64 = 3;
const KINDS: [(&str, i64); 3] = [("成人", 8_000), ("学生", 4_000), ("老年", 2_000)];
const GRADES: [i64; 10] = [100, 200, 300, 400, 500, 600, 800, 1_000, 1_500, 2_000];
const RESIDENTS_CARE_FEN: i64 = 25_000;
/// In thousandths of the base: up to so many fen, and what is above all of them.
const DUES: [(i64, i64, &str); 3] =
    [(300_000, 5, "0.5%"), (500_000, 10, "1%"), (1_000_000, 15, "1.5%")];
const DUES_ABOVE: (i64, &str) = (20, "2%");
const MOST_FEN: i64 = 10_000_000_000_000;

/// What a department makes of a request before it takes the order.
struct Offer {
    payer: Payer,
    wish: NoticeWish,
}

/// What it says of an order: the notice, the number of the request, and when it is asked.
type Row = fn(&Ordered<'_>) -> Value;

struct Ordered<'a> {
    call: &'a Call,
    notice: &'a Notice,
    request_no: &'a str,
    now_ms: i64,
}

/// Nobody of that number lives here: no order, no row.
type Offered = Result<Option<Offer>, Refusal>;

pub(super) fn run(outside: &Outside, operation: &str, call: &Call) -> Result<Found, Refusal> {
    let now_ms = outside.now_ms();
    let today = Day::of(now_ms);
    let (source, row): (&str, Row) = match operation {
        "local_tax.insurance_order" => ("省地税局", insurance_row),
        "party.dues_order" => ("省委组织部", dues_row),
        "metro.ticket_order" => ("杭州市地铁集团", metro_row),
        "transport.coach_order" => ("省交通运输厅", coach_row),
        "ferries.ticket_order" => ("舟山市交通运输局", ferry_row),
        "tourism.ticket_order" => ("省旅游局", tourism_row),
        _ => ("省慈善总会", donation_row),
    };
    let request_no = call.required("request_no")?;
    let fits = (6..=64).contains(&request_no.len())
        && request_no.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !fits {
        return Err(Refusal::Invalid("request_no 应为6至64位字母或数字".to_owned()));
    }
    let rows = outside.change(|world| {
        let offer = match operation {
            "local_tax.insurance_order" => insurance(world, call, today)?,
            "party.dues_order" => dues(world, call)?,
            "metro.ticket_order" => metro(call)?,
            "transport.coach_order" => coach(world, call, today)?,
            "ferries.ticket_order" => ferry(world, call, today)?,
            "tourism.ticket_order" => tourism(call, today)?,
            _ => donation(call)?,
        };
        let Some(Offer { payer, wish }) = offer else { return Ok(Vec::new()) };
        let question = Question {
            operation: operation.to_owned(),
            id_card: call.subject.as_ref().map(|of| of.id_card.clone()).unwrap_or_default(),
            parameters: call.parameters.clone(),
        };
        let key = format!("order/{request_no}");
        let number = world.raise_once(&key, question, (payer, wish), now_ms);
        let number =
            number.map_err(|_| Refusal::Invalid("request_no 已用于另一笔订单".to_owned()))?;
        let notice = world.notices.get(&number);
        let ordered = notice.map(|notice| row(&Ordered { call, notice, request_no, now_ms }));
        Ok(ordered.into_iter().collect())
    })?;
    Ok(Found { source, rows })
}

impl Ordered<'_> {
    fn serial(&self, pattern: &str) -> String {
        filled(pattern, number_of(&format!("{pattern}/{}", self.request_no)))
    }

    /// What is given for a paid order, and nothing before.
    fn once_paid(&self, given: impl FnOnce(&Self) -> String) -> String {
        if self.notice.paid.is_some() { given(self) } else { String::new() }
    }

    fn asked(&self, name: &str) -> &str {
        self.call.optional(name).unwrap_or_default()
    }
}

fn titled(amount_fen: i64, item: &str, title: String) -> NoticeWish {
    NoticeWish { title: Some(title), ..NoticeWish::of(amount_fen, Some(item)) }
}

fn whole(call: &Call, name: &str, from: i64, to: i64) -> Result<i64, Refusal> {
    let number: Option<i64> = call.required(name)?.parse().ok();
    number
        .filter(|number| (from..=to).contains(number))
        .ok_or_else(|| Refusal::Invalid(format!("{name} 应为 {from} 至 {to} 的整数")))
}

/// Two places that are not the same, and what it costs between them, the same both ways.
fn between(call: &Call, names: [&str; 2], from_yuan: u64, to_yuan: u64) -> Result<i64, Refusal> {
    let mut places = [call.required(names[0])?, call.required(names[1])?];
    if places[0] == places[1] {
        return Err(Refusal::Invalid(format!("{} 与 {} 相同", names[0], names[1])));
    }
    if places.iter().any(|place| place.chars().count() > 30) {
        return Err(Refusal::Invalid(format!("{} 或 {} 过长", names[0], names[1])));
    }
    places.sort_unstable();
    let yuan = from_yuan + number_of(&places.join("/")) % (to_yuan - from_yuan + 1);
    Ok(i64::try_from(yuan).unwrap_or(1) * 100)
}

fn day(call: &Call, today: Day) -> Result<Day, Refusal> {
    let day = Day::from_text(call.required("date")?);
    day.filter(|day| (today..=today.plus(SOLD_AHEAD_DAYS)).contains(day))
        .ok_or_else(|| Refusal::Invalid("date 不在售票日期内".to_owned()))
}

fn passenger(world: &World, call: &Call) -> Result<Payer, Refusal> {
    let (name, id_card) = (call.required("name")?, call.required("id_card")?);
    if !is_id_card(id_card) {
        return Err(Refusal::Invalid("id_card 不是身份证号".to_owned()));
    }
    Ok(world.payer(name, id_card, call.required("phone")?))
}

fn insurance(world: &World, call: &Call, today: Day) -> Offered {
    call.only(&["request_no", "scheme", "year", "grade"])?;
    let this: i64 = today.text().get(..4).and_then(|year| year.parse().ok()).unwrap_or(0);
    let year = whole(call, "year", this, this + 1)?;
    let scheme = call.required("scheme")?;
    let Some(citizen) = people::subject(world, call)? else { return Ok(None) };
    let grade = call.optional("grade").and_then(|grade| grade.parse().ok());
    let year_of_base = |percent: i64| citizen.work.base_fen * percent / 100 * 12;
    let (item, fen) = match scheme {
        "城乡居民养老" => {
            let grade = grade.filter(|grade| GRADES.contains(grade));
            let wrong = || Refusal::Invalid("grade 不是缴费档次".to_owned());
            ("901010000", grade.ok_or_else(wrong)? * 100)
        }
        "城乡居民医疗" => ("901020000", RESIDENTS_CARE_FEN),
        "灵活就业养老" => ("901030000", year_of_base(18)),
        "灵活就业医疗" => ("901040000", year_of_base(9)),
        _ => return Err(Refusal::Invalid("scheme 不是险种".to_owned())),
    };
    let wish = titled(fen, item, format!("{scheme}{year}年度保险费"));
    Ok(Some(Offer { payer: Payer::Citizen(citizen.id.clone()), wish }))
}

fn insurance_row(order: &Ordered<'_>) -> Value {
    json!({
        "notice_no": order.notice.notice_no,
        "scheme": order.asked("scheme"),
        "period": format!("{}年度", order.asked("year")),
        "amount_fen": order.notice.principal_fen(),
        "status": order.notice.state_words(),
    })
}

fn rate_of(base_fen: i64) -> (i64, &'static str) {
    let step = DUES.iter().find(|(most, ..)| base_fen <= *most);
    step.map_or(DUES_ABOVE, |(_, thousandths, words)| (*thousandths, words))
}

fn dues(world: &World, call: &Call) -> Offered {
    call.only(&["request_no", "branch", "month", "base_fen"])?;
    let branch = call.required("branch")?;
    let month = call.required("month")?;
    if month.len() != 7 || Day::from_text(&format!("{month}-01")).is_none() {
        return Err(Refusal::Invalid("month 应为 YYYY-MM".to_owned()));
    }
    let base_fen = whole(call, "base_fen", 200, MOST_FEN)?;
    if branch.chars().count() > 60 {
        return Err(Refusal::Invalid("branch 过长".to_owned()));
    }
    let Some(citizen) = people::subject(world, call)? else { return Ok(None) };
    let fen = base_fen * rate_of(base_fen).0 / 1_000;
    let wish = titled(fen, "901070000", format!("{month}党费"));
    Ok(Some(Offer { payer: Payer::Citizen(citizen.id.clone()), wish }))
}

fn dues_row(order: &Ordered<'_>) -> Value {
    let base_fen = order.asked("base_fen").parse().unwrap_or(0);
    json!({
        "notice_no": order.notice.notice_no,
        "rate": rate_of(base_fen).1,
        "amount_fen": order.notice.principal_fen(),
        "status": order.notice.state_words(),
    })
}

fn metro(call: &Call) -> Offered {
    call.only(&["request_no", "line", "from_station", "to_station", "count"])?;
    let line = call.required("line")?;
    let price_fen = between(call, ["from_station", "to_station"], 2, 9)?;
    let count = whole(call, "count", 1, MOST_TICKETS)?;
    let title = format!("地铁{line}单程票{count}张");
    let payer = WalkIn { name: "地铁乘客".to_owned(), phone: String::new() };
    let mut wish = titled(price_fen * count, "901190000", title);
    wish.region = Some("330100".to_owned());
    Ok(Some(Offer { payer: Payer::WalkIn(payer), wish }))
}

fn metro_row(order: &Ordered<'_>) -> Value {
    let count: i64 = order.asked("count").parse().unwrap_or(1);
    let amount_fen = order.notice.principal_fen();
    let paid_ms = order.notice.paid.as_ref().map(|paid| paid.taken_ms);
    let end_ms = paid_ms.map(|paid_ms| paid_ms + METRO_DAYS * DAY_MS);
    let status = match end_ms {
        None => "待支付",
        Some(end_ms) if order.now_ms >= end_ms => "已过期",
        Some(_) => "已出票",
    };
    json!({
        "notice_no": order.notice.notice_no,
        "order_no": order.serial("DT##########"),
        "price_fen": amount_fen / count.max(1),
        "amount_fen": amount_fen,
        "pickup_code": order.once_paid(|order| order.serial("########")),
        "qr": order.once_paid(|order| format!("METRO:{}", order.serial("@@########@@####"))),
        "expire_at": end_ms.map(rfc3339).unwrap_or_default(),
        "status": status,
    })
}

fn coach(world: &World, call: &Call, today: Day) -> Offered {
    let known = ["request_no", "from_station", "to", "date", "name", "id_card", "phone"];
    call.only(&known)?;
    let fen = between(call, ["from_station", "to"], 20, 180)?;
    day(call, today)?;
    let payer = passenger(world, call)?;
    let (from, to) = (call.required("from_station")?, call.required("to")?);
    Ok(Some(Offer { payer, wish: titled(fen, "901200000", format!("汽车票 {from}至{to}")) }))
}

fn coach_row(order: &Ordered<'_>) -> Value {
    json!({
        "notice_no": order.notice.notice_no,
        "schedule": order.serial("K####"),
        "depart_time": format!("{} 0{}:{}0", order.asked("date"),
            6 + number_of(order.request_no) % 4, number_of(order.request_no) % 6),
        "price_fen": order.notice.principal_fen(),
        "left": number_of(order.asked("date")) % 30 + 1,
        "order_no": order.serial("QC##########"),
        "seat": format!("{}号", number_of(order.request_no) % 45 + 1),
        "pickup_code": order.once_paid(|order| order.serial("######")),
    })
}

fn ferry(world: &World, call: &Call, today: Day) -> Offered {
    call.only(&["request_no", "from_port", "to_port", "date", "name", "id_card", "phone"])?;
    let fen = between(call, ["from_port", "to_port"], 30, 220)?;
    day(call, today)?;
    let payer = passenger(world, call)?;
    let (from, to) = (call.required("from_port")?, call.required("to_port")?);
    let mut wish = titled(fen, "901210000", format!("船票 {from}至{to}"));
    wish.region = Some("330900".to_owned());
    Ok(Some(Offer { payer, wish }))
}

fn ferry_row(order: &Ordered<'_>) -> Value {
    json!({
        "notice_no": order.notice.notice_no,
        "voyage": order.serial("ZS###"),
        "depart_time": format!("{} {:02}:30", order.asked("date"),
            7 + number_of(order.request_no) % 9),
        "price_fen": order.notice.principal_fen(),
        "order_no": order.serial("CP##########"),
        "status": "正常开航",
    })
}

/// The price that the caller showed must be ours.
fn tourism(call: &Call, today: Day) -> Offered {
    let known = ["request_no", "amount_fen", "scenic", "date", "kind", "count", "name", "phone"];
    call.only(&known)?;
    let scenic = call.required("scenic")?;
    day(call, today)?;
    let kind = call.required("kind")?;
    let price = KINDS.iter().find(|(name, _)| *name == kind);
    let (_, each) = price.ok_or_else(|| Refusal::Invalid("kind 不是票种".to_owned()))?;
    let fen = each * whole(call, "count", 1, MOST_TICKETS)?;
    if whole(call, "amount_fen", 1, MOST_FEN)? != fen {
        return Err(Refusal::Invalid("amount_fen 与票价不符".to_owned()));
    }
    let (name, phone) = (call.required("name")?.to_owned(), call.required("phone")?.to_owned());
    if scenic.chars().count() > 30 {
        return Err(Refusal::Invalid("scenic 过长".to_owned()));
    }
    let wish = titled(fen, "103010900", format!("{scenic}{kind}票"));
    Ok(Some(Offer { payer: Payer::WalkIn(WalkIn { name, phone }), wish }))
}

fn tourism_row(order: &Ordered<'_>) -> Value {
    json!({
        "notice_no": order.notice.notice_no,
        "order_no": order.serial("MP##########"),
        "amount_fen": order.notice.principal_fen(),
        "voucher": order.once_paid(|order| order.serial("@@@@########")),
        "refund_rule": "游玩日期前一天18:00前可退",
    })
}

fn donation(call: &Call) -> Offered {
    call.only(&["request_no", "amount_fen", "project", "donor", "anonymous"])?;
    let project = call.required("project")?;
    let fen = whole(call, "amount_fen", 1, MOST_FEN)?;
    let name = call.required("donor")?.to_owned();
    if !matches!(call.optional("anonymous"), None | Some("true" | "false")) {
        return Err(Refusal::Invalid("anonymous 应为 true 或 false".to_owned()));
    }
    if project.chars().count() > 60 {
        return Err(Refusal::Invalid("project 过长".to_owned()));
    }
    let wish = titled(fen, "901150000", format!("慈善捐款（{project}）"));
    Ok(Some(Offer { payer: Payer::WalkIn(WalkIn { name, phone: String::new() }), wish }))
}

fn donation_row(order: &Ordered<'_>) -> Value {
    json!({
        "notice_no": order.notice.notice_no,
        "donation_no": order.serial("JZ##########"),
        "amount_fen": order.notice.principal_fen(),
        "receipt": order.notice.receipt_no(),
    })
}
