//! What departments find that somebody owes.

use serde_json::{Value, json};

use super::answer::paper_of;
use super::{Call, Found, Refusal};
use crate::clock::Day;
use crate::outside::Outside;
use crate::world::World;
use crate::world::catalogue::TRAFFIC_FINE;
use crate::world::filing::NoticeWish;
use crate::world::notice::Notice;
use crate::world::people::{CITIES, Citizen, is_id_card, number_of};
use crate::world::raised::{Payer, Question};

pub(super) const NAMES: [&str; 7] = [
    "finance.notice",
    "traffic.fine",
    "courts.litigation_fee",
    "human_resources.exam_fee",
    "health.clinic_bill",
    "education.tuition",
    "utilities.bills",
];

/// So long after it was made, in days.
const DUE_DAYS: i64 = 15;
const LITIGATION: &str = "1012901";

pub(super) fn run(outside: &Outside, operation: &str, call: &Call) -> Result<Found, Refusal> {
    let now_ms = outside.now_ms();
    let asking = Asking { call, now_ms };
    let (source, rows) = match operation {
        "finance.notice" => ("省财政厅", outside.read(|world| asking.notice(world))?),
        "traffic.fine" => ("省公安厅", outside.read(|world| asking.fine(world))?),
        "courts.litigation_fee" => {
            ("省高级人民法院", outside.read(|world| asking.litigation(world))?)
        }
        "human_resources.exam_fee" => ("省人社厅", outside.change(|world| asking.exam(world))?),
        "health.clinic_bill" => ("省卫生计生委", outside.change(|world| asking.clinic(world))?),
        "education.tuition" => ("省教育厅", outside.change(|world| asking.tuition(world))?),
        _ => ("省电力公司等公用事业单位", outside.change(|world| asking.utility(world))?),
    };
    Ok(Found { source, rows })
}

/// A question, and when it is asked.
struct Asking<'a> {
    call: &'a Call,
    now_ms: i64,
}

type Rows = Result<Vec<Value>, Refusal>;

impl Asking<'_> {
    fn notice(&self, world: &World) -> Rows {
        self.call.only(&["notice_no", "payer_name"])?;
        let payer = self.call.optional("payer_name");
        let found = world.notices.get(self.call.required("notice_no")?);
        let found = found.filter(|of| payer.is_none_or(|payer| payer == world.payer_of(of).name));
        let row = |notice: &Notice| {
            let items: Vec<&str> = notice.items().map(|item| item.name.as_str()).collect();
            json!({
                "notice_no": notice.notice_no,
                "payer": masked(&world.payer_of(notice).name),
                "agency": notice.agency_name,
                "items": items.join("、"),
                "amount_fen": notice.due_fen(Day::of(self.now_ms)),
                "expire_date": notice.expires_ms.map(|ms| Day::of(ms).text()),
                "status": notice.state_words(),
            })
        };
        Ok(found.map(row).into_iter().collect())
    }

    fn fine(&self, world: &World) -> Rows {
        self.call.only(&["decision_no", "party_name", "plate_no"])?;
        let decision_no = self.call.required("decision_no")?;
        let (party, plate) = (self.call.optional("party_name"), self.call.optional("plate_no"));
        let today = Day::of(self.now_ms);
        let fits = |notice: &&Notice| {
            notice.item.rules().is_some_and(|rules| rules.code == TRAFFIC_FINE)
                && notice.decision_no() == decision_no
                && party.is_none_or(|name| name == world.payer_of(notice).name)
                && plate.is_none_or(|plate| {
                    world.vehicle_of(notice).is_some_and(|(known, _)| known == plate)
                })
        };
        let row = |notice: &Notice| {
            json!({
                "notice_no": notice.notice_no,
                "decision_no": decision_no,
                "fine_fen": notice.principal_fen(),
                "late_fee_fen": notice.late_fen(today),
                "due_date": due_date(notice),
                "total_fen": notice.due_fen(today),
                "status": notice.state_words(),
            })
        };
        Ok(world.notices.values().filter(fits).map(row).collect())
    }

    fn litigation(&self, world: &World) -> Rows {
        self.call.only(&["case_no", "fee_notice_no", "payer"])?;
        let case_no = self.call.required("case_no")?;
        let payer = self.call.required("payer")?;
        let notice = world.notices.get(self.call.required("fee_notice_no")?);
        let fits = |notice: &&Notice| {
            let party = world.citizen(&notice.citizen_id);
            notice.item.rules().is_some_and(|rules| rules.code.starts_with(LITIGATION))
                && party.is_some_and(|party| {
                    party.name == payer && paper_of(party, "court_case_no") == case_no
                })
        };
        let row = |notice: &Notice| {
            json!({
                "notice_no": notice.notice_no,
                "case_no": case_no,
                "amount_fen": notice.due_fen(Day::of(self.now_ms)),
                "due_date": Day::of(notice.made_ms).plus(7).text(),
                "account": format!("{} 尾号{:04}", notice.agency_name,
                    number_of(&notice.agency_name) % 10_000),
                "status": notice.state_words(),
            })
        };
        Ok(notice.filter(fits).map(row).into_iter().collect())
    }

    fn exam(&self, world: &mut World) -> Rows {
        self.call.only(&["id_card", "application_no"])?;
        let paper = self.call.required("application_no")?;
        let Some(citizen) = self.of_paper(world, "exam_application", paper)? else {
            return Ok(Vec::new());
        };
        let subjects = 2 + self.chance(&citizen, "exam", 2);
        let title = "经济专业技术资格考试费";
        let wish = NoticeWish {
            title: Some(title.to_owned()),
            ..NoticeWish::of(subjects * 6_100, Some("101080106"))
        };
        let notice = self.raise(world, "exam", &citizen, wish)?;
        Ok(vec![json!({
            "notice_no": notice.notice_no,
            "exam": "经济专业技术资格考试",
            "subjects": subjects,
            "amount_fen": notice.principal_fen(),
            "due_date": due_date(&notice),
            "status": notice.state_words(),
        })])
    }

    fn clinic(&self, world: &mut World) -> Rows {
        self.call.only(&["id_card", "hospital", "visit_no"])?;
        self.call.required("hospital")?;
        let paper = self.call.required("visit_no")?;
        let Some(citizen) = self.of_paper(world, "clinic_visit", paper)? else {
            return Ok(Vec::new());
        };
        let total_fen = 8_000 + self.chance(&citizen, "clinic", 40_000);
        let insurance_fen = total_fen * 7 / 10;
        let self_pay_fen = total_fen - insurance_fen;
        let wish = NoticeWish::of(self_pay_fen, Some("901100000"));
        let notice = self.raise(world, "clinic", &citizen, wish)?;
        Ok(vec![json!({
            "notice_no": notice.notice_no,
            "total_fen": total_fen,
            "insurance_fen": insurance_fen,
            "self_pay_fen": self_pay_fen,
            "order_no": format!("YY{paper}"),
            "receipt": notice.receipt_no(),
        })])
    }

    fn tuition(&self, world: &mut World) -> Rows {
        self.call.only(&["region", "school", "student_no", "student_name"])?;
        self.region()?;
        self.call.required("school")?;
        let number = self.call.required("student_no")?;
        let name = self.call.required("student_name")?;
        let parent = world.citizens.iter().find(|citizen| {
            paper_of(citizen, "student_no") == number && citizen.child().name == name
        });
        let Some(parent) = parent.cloned() else { return Ok(Vec::new()) };
        let wish = NoticeWish::of(160_000, Some("101030300"));
        let notice = self.raise(world, "tuition", &parent, wish)?;
        Ok(vec![json!({
            "notice_no": notice.notice_no,
            "items": "普通高中学费",
            "amount_fen": notice.principal_fen(),
            "due_date": due_date(&notice),
            "status": notice.state_words(),
        })])
    }

    /// One bill a month; none once it is paid.
    fn utility(&self, world: &mut World) -> Rows {
        self.call.only(&["utility", "region", "account_no"])?;
        let (paper, item) = match self.call.required("utility")? {
            "水费" => ("water_account", "901120000"),
            "电费" => ("electricity_account", "901130000"),
            "燃气费" => ("gas_account", "901140000"),
            _ => return Err(Refusal::Invalid("utility 应为水费、电费或燃气费".to_owned())),
        };
        let region = self.region()?;
        let account = self.call.required("account_no")?;
        let holder = world.citizens.iter().find(|citizen| {
            paper_of(citizen, paper) == account
                && CITIES[citizen.work.city].0.get(..4) == region.get(..4)
        });
        let Some(holder) = holder.cloned() else { return Ok(Vec::new()) };
        let today = Day::of(self.now_ms).text();
        let month = today.get(..7).unwrap_or_default();
        let kind = format!("{paper}/{month}");
        let wish = NoticeWish {
            title: Some(format!("{}{month}账单", self.call.required("utility")?)),
            ..NoticeWish::of(2_000 + self.chance(&holder, &kind, 30_000), Some(item))
        };
        let notice = self.raise(world, &kind, &holder, wish)?;
        if notice.state_name() != "PAYABLE" {
            return Ok(Vec::new());
        }
        Ok(vec![json!({
            "notice_no": notice.notice_no,
            "account_name": masked(&holder.name),
            "account_no": account,
            "period": month,
            "amount_fen": notice.principal_fen(),
            "penalty_fen": 0,
            "balance_fen": 0,
        })])
    }

    fn region(&self) -> Result<&str, Refusal> {
        let region = self.call.required("region")?;
        let fits = region.len() == 6 && region.bytes().all(|byte| byte.is_ascii_digit());
        let wrong = || Refusal::Invalid("region 应为六位行政区划代码".to_owned());
        fits.then_some(region).ok_or_else(wrong)
    }

    /// The citizen of the parameter `id_card`, if the number is that of this paper of theirs.
    fn of_paper(
        &self,
        world: &World,
        paper: &str,
        number: &str,
    ) -> Result<Option<Citizen>, Refusal> {
        let id_card = self.call.required("id_card")?;
        if !is_id_card(id_card) {
            return Err(Refusal::Invalid("id_card 不是身份证号".to_owned()));
        }
        let citizen = world.citizen_by_id_card(id_card);
        Ok(citizen.filter(|citizen| paper_of(citizen, paper) == number).cloned())
    }

    /// The notice that the department raised when it was first asked about this.
    fn raise(
        &self,
        world: &mut World,
        kind: &str,
        citizen: &Citizen,
        wish: NoticeWish,
    ) -> Result<Notice, Refusal> {
        let key = format!("owed/{kind}/{}", citizen.id);
        let question = Question {
            operation: kind.to_owned(),
            id_card: citizen.id_card.clone(),
            parameters: std::collections::BTreeMap::new(),
        };
        let payer = Payer::Citizen(citizen.id.clone());
        let number = world.raise_once(&key, question, (payer, wish), self.now_ms);
        let notice = number.ok().and_then(|number| world.notices.get(&number).cloned());
        notice.ok_or(Refusal::Denied("没有账单"))
    }

    fn chance(&self, citizen: &Citizen, of: &str, below: i64) -> i64 {
        i64::try_from(number_of(&format!("{of}/{}", citizen.id_card))).unwrap_or(0) % below
    }
}

fn due_date(notice: &Notice) -> String {
    Day::of(notice.made_ms).plus(DUE_DAYS).text()
}

fn masked(name: &str) -> String {
    let mut characters = name.chars();
    let first: String = characters.next().into_iter().collect();
    first + &"*".repeat(characters.count())
}
