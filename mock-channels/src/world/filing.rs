//! How agencies file notices with the gateway.

use super::World;
use super::callback::Platform;
use super::catalogue::{self, CatalogueItem, TRAFFIC_FINE};
use super::check_code::pay_code;
use super::company::{Company, uscc};
use super::late_fee::LateFee;
use super::notice::{Item, Notice};
use super::people::CITIES;
use super::raised::WalkIn;
use super::script::{Event, EventKind, Notified};
use super::seed::{BEHAVIOURS, traffic_police};
use crate::clock::{DAY_MS, Day, two_digit_year};

const CHANNEL_NO: &str = "330000001";
const COMPANY_CHANNEL_NO: &str = "330000004";

/// What a tester wants a new notice to be.
#[derive(Debug)]
pub(crate) struct NoticeWish {
    pub(crate) amount_fen: i64,
    pub(crate) title: Option<String>,
    pub(crate) decided_days_ago: i64,
    pub(crate) expires_in_days: Option<i64>,
    /// 9 digits, or CHITCODE; a traffic fine when empty.
    pub(crate) item_code: Option<String>,
    /// The agency computed the late fee itself.
    pub(crate) agency_late_fen: Option<i64>,
    /// Code and amount of the items after the first.
    pub(crate) further_items: Vec<(String, i64)>,
    /// The city of the payer when empty.
    pub(crate) region: Option<String>,
    /// Who computes late fees; as the item's agency does when empty.
    pub(crate) counted_by_agency: Option<bool>,
}

impl NoticeWish {
    pub(crate) fn of(amount_fen: i64, item_code: Option<&str>) -> Self {
        Self {
            amount_fen,
            title: None,
            decided_days_ago: 0,
            expires_in_days: None,
            item_code: item_code.map(str::to_owned),
            agency_late_fen: None,
            further_items: Vec::new(),
            region: None,
            counted_by_agency: None,
        }
    }

    pub(crate) fn fine(amount_fen: i64, decided_days_ago: i64) -> Self {
        Self { decided_days_ago, ..Self::of(amount_fen, None) }
    }
}

/// Who owes and where, as a notice names it.
struct Debtor {
    citizen_id: String,
    company: Option<String>,
    walk_in: Option<WalkIn>,
    city: usize,
}

impl World {
    /// A notice to a person. A traffic fine also is a violation of the person's car, decided.
    pub(crate) fn add_notice(&mut self, citizen_id: &str, wish: NoticeWish, now_ms: i64) -> String {
        let number = self.next_number();
        let notice_no = format!("{CHANNEL_NO}FS{number:010}");
        let made_ms = now_ms - wish.decided_days_ago * DAY_MS;
        if rules(wish.item_code.as_deref()).code == TRAFFIC_FINE {
            let (code, behaviour, points, _) = BEHAVIOURS[(number % 2) as usize];
            let title = wish.title.clone();
            self.add_violation(citizen_id, made_ms - 3 * DAY_MS, |violation| {
                violation.code = code.to_owned();
                violation.behaviour = title.unwrap_or_else(|| behaviour.to_owned());
                violation.points = points;
                violation.fine_fen = wish.amount_fen;
                violation.notice_no = Some(notice_no.clone());
            });
        }
        let city = self.citizen(citizen_id).map_or(0, |citizen| citizen.work.city);
        let citizen_id = citizen_id.to_owned();
        let debtor = Debtor { citizen_id, company: None, walk_in: None, city };
        self.file(notice_no, debtor, wish, now_ms)
    }

    /// A notice to somebody who is no citizen of this world.
    pub(super) fn add_walk_in_notice(
        &mut self,
        walk_in: WalkIn,
        wish: NoticeWish,
        now_ms: i64,
    ) -> String {
        let notice_no = format!("{CHANNEL_NO}DD{:010}", self.next_number());
        let walk_in = Some(walk_in);
        let debtor = Debtor { citizen_id: String::new(), company: None, walk_in, city: 0 };
        self.file(notice_no, debtor, wish, now_ms)
    }

    /// A notice to a company.
    pub(crate) fn add_company_notice(
        &mut self,
        uscc: &str,
        wish: NoticeWish,
        now_ms: i64,
    ) -> String {
        self.gateway.company_notices += 1;
        let notice_no = format!("{COMPANY_CHANNEL_NO}JJ{:010}", self.gateway.company_notices);
        let city = self.gateway.company(uscc).map_or(0, |company| company.city);
        let company = Some(uscc.to_owned());
        let debtor = Debtor { citizen_id: String::new(), company, walk_in: None, city };
        self.file(notice_no, debtor, wish, now_ms)
    }

    /// A new company; its code is made up unless the tester has one.
    pub(crate) fn add_company(&mut self, name: &str, own_uscc: Option<String>) -> String {
        let number = self.gateway.companies.len() as u64 + 1;
        let city = self.gateway.companies.len() % CITIES.len();
        let made_up = || uscc(&format!("{}06", &CITIES[city].0[..4]), 1_000_000 + number);
        let uscc = own_uscc.unwrap_or_else(made_up);
        self.gateway.companies.push(Company {
            uscc: uscc.clone(),
            name: name.to_owned(),
            phone: format!("1380000{number:04}"),
            city,
        });
        uscc
    }

    fn file(&mut self, number: String, debtor: Debtor, wish: NoticeWish, now_ms: i64) -> String {
        let made_ms = now_ms - wish.decided_days_ago * DAY_MS;
        let rules = rules(wish.item_code.as_deref());
        let region = wish.region.clone().unwrap_or_else(|| CITIES[debtor.city].0.to_owned());
        self.gateway.pay_codes += 1;
        let serial = self.gateway.pay_codes;
        let first = item(wish.item_code.as_deref(), wish.amount_fen, &wish, made_ms);
        let further = wish.further_items.iter();
        let notice = Notice {
            notice_no: number.clone(),
            citizen_id: debtor.citizen_id,
            company: debtor.company,
            walk_in: debtor.walk_in,
            pay_code: pay_code(&region, &two_digit_year(made_ms), serial),
            made_ms,
            title: wish.title.clone().unwrap_or_else(|| first.name.clone()),
            agency_code: format!("{}{}", &region[2..4], rules.agency_digits()),
            agency_name: agency_name(rules, &region, Day::of(now_ms)),
            region,
            item: first,
            further_items: further
                .map(|(code, fen)| {
                    let rest = NoticeWish::of(*fen, Some(code));
                    item(Some(code), *fen, &rest, made_ms)
                })
                .collect(),
            counted_by_agency: wish
                .counted_by_agency
                .unwrap_or_else(|| rules.is_counted_by_agency()),
            expires_ms: wish.expires_in_days.map(|days| now_ms + days * DAY_MS),
            withdrawn: false,
            paid_elsewhere: false,
            paid: None,
            undone: Vec::new(),
            last_sequence: 0,
            calls: Vec::new(),
            receipts: Vec::new(),
        };
        self.notices.insert(number.clone(), notice);
        let (platform, kind) = (Platform::Gateway, EventKind::Order);
        let notified = Notified::Never;
        self.happened(&Event { platform, kind, order_no: &number, notified });
        number
    }
}

/// The rules of an item; those of a traffic fine for one that is in no catalogue.
fn rules(code: Option<&str>) -> &'static CatalogueItem {
    code.and_then(catalogue::find)
        .or_else(|| catalogue::find(TRAFFIC_FINE))
        .unwrap_or(&catalogue::all()[0])
}

fn item(code: Option<&str>, amount_fen: i64, wish: &NoticeWish, made_ms: i64) -> Item {
    let rules = rules(code);
    let late = match wish.agency_late_fen {
        Some(fen) => LateFee::Fixed { fen },
        None => rules.late_fee(amount_fen, Day::of(made_ms)),
    };
    let unknown = code.filter(|code| catalogue::find(code).is_none());
    let (code, name) = match unknown {
        Some(code) => (code.to_owned(), wish.title.clone().unwrap_or_else(|| "目录外项目".into())),
        None => (rules.chit_code(), rules.name_zh.clone()),
    };
    Item { code, name, amount_fen, late }
}

fn agency_name(rules: &CatalogueItem, region: &str, day: Day) -> String {
    let city = CITIES.iter().find(|(code, _, _)| *code == region);
    match city {
        Some((_, city_name, _)) if rules.code == TRAFFIC_FINE => traffic_police(city_name),
        _ => {
            let place = catalogue::region_name(region, day).unwrap_or("浙江省");
            format!("{place}{}", rules.agency_type)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::secrets::Secrets;

    #[test]
    fn every_item_of_the_catalogue_can_be_filed() {
        let now = crate::clock::parse_rfc3339("2026-03-02T09:00:00+08:00").unwrap();
        let mut world = World::empty(Secrets::generate().unwrap(), 0);
        let uscc = world.add_company("样例有限公司", None);
        for rules in catalogue::all() {
            let fen = rules.amount_min_fen.max(1);
            let wish = NoticeWish::of(fen, Some(&rules.code));
            let number = world.add_company_notice(&uscc, wish, now);
            let notice = &world.notices[&number];
            assert_eq!(notice.item.code, rules.chit_code());
            assert_eq!((notice.due_fen(Day::of(now)), notice.agency_code.len()), (fen, 6));
            assert!(
                notice.agency_name.contains(&rules.agency_type) || notice.title == "交通违法罚款"
            );
            let late = notice.late_fen(Day::of(now).plus(16));
            let expected = rules.late_fee(fen, Day::of(now)).fen(fen, Day::of(now).plus(16));
            assert_eq!(late, expected);
        }
        assert_eq!(world.notices.len(), 195);
    }
}
