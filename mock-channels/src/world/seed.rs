//! The people who are there at the first start, and those whom testers make.

use super::filing::NoticeWish;
use super::people::{CITIES, Citizen, Vehicle, Violation, Work, id_card, number_of};
use super::{World, secrets::Secrets};
use crate::clock::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::crypto::{self, LETTERS_AND_DIGITS};

const NAMES: [&str; 12] = [
    "林晓舟",
    "陈知远",
    "周明溪",
    "沈若水",
    "吴清和",
    "郑云帆",
    "王亦安",
    "钱望舒",
    "许嘉木",
    "何思齐",
    "叶知秋",
    "范予宁",
];
const UNITS: [&str; 4] = [
    "钱江测试仪器有限公司",
    "西溪示例软件有限公司",
    "甬江样例物流有限公司",
    "瓯江演示贸易有限公司",
];
/// Code, behaviour, points, fine in fen.
pub(super) const BEHAVIOURS: [(&str, &str, i64, i64); 3] = [
    ("1625", "驾驶机动车违反道路交通信号灯通行的", 6, 20_000),
    ("1345", "机动车违反禁止标线指示的", 1, 20_000),
    ("1039", "机动车违反规定停放、临时停车的", 0, 15_000),
];

/// What a tester wants a new citizen to be; the rest is made up.
#[derive(Debug, Default)]
pub(crate) struct Wish {
    pub(crate) name: Option<String>,
    pub(crate) id_card: Option<String>,
    pub(crate) phone: Option<String>,
}

/// The world at the first start.
pub(crate) fn first_world(secrets: Secrets, offset_ms: i64, now_ms: i64) -> World {
    let mut world = World::empty(secrets, offset_ms);
    for _ in 0..3 {
        let id = world.add_citizen(Wish::default(), now_ms);
        world.add_undecided_violation(&id, now_ms);
        world.add_notice(&id, NoticeWish::fine(20_000, 5), now_ms);
        world.add_notice(&id, NoticeWish::fine(20_000, 25), now_ms);
    }
    for unit in UNITS.into_iter().take(2) {
        let uscc = world.add_company(unit, None);
        world.add_company_notice(&uscc, NoticeWish::of(120_000, Some("101130200")), now_ms);
    }
    world
}

impl World {
    /// A new person with a car and a job, owing nothing yet.
    pub(crate) fn add_citizen(&mut self, wish: Wish, now_ms: i64) -> String {
        let index = self.citizens.len();
        let number = index as u64 + 1;
        let city = index % 3;
        let (region, _, letter) = CITIES[city];
        let birth = format!("{}{:02}{:02}", 1980 + index % 20, 1 + index % 12, 1 + index % 28);
        let made_up = || id_card(&format!("{}06", &region[..4]), &birth, number);
        let id = format!("C{number:05}");
        let citizen = Citizen {
            name: wish.name.unwrap_or_else(|| NAMES[index % NAMES.len()].to_owned()),
            id_card: wish.id_card.unwrap_or_else(made_up),
            phone: wish.phone.unwrap_or_else(|| format!("1390000{number:04}")),
            open_id: format!("o{}", crypto::random_text(LETTERS_AND_DIGITS, 27)),
            union_id: (index % 3 != 2)
                .then(|| format!("u{}", crypto::random_text(LETTERS_AND_DIGITS, 27))),
            session_key: crypto::base64(&crypto::random_bytes::<16>()),
            session_key_made_ms: now_ms,
            vehicles: vec![Vehicle {
                plate_no: format!("浙{letter}{:04}{}", number % 10_000, plate_letter(number)),
                plate_kind: "02".to_owned(),
                vin_tail: format!("{:06}", number_of(&id) % 1_000_000),
            }],
            work: Work {
                unit: UNITS[index % UNITS.len()].to_owned(),
                city,
                base_fen: 650_000 + 35_000 * (index % 20) as i64,
                months: 36 + 7 * (index % 30) as i64,
                loan_fen: if index.is_multiple_of(2) { 0 } else { 68_000_000 },
            },
            id: id.clone(),
        };
        self.citizens.push(citizen);
        id
    }

    /// A violation that the camera saw and nobody decided yet.
    pub(crate) fn add_undecided_violation(&mut self, citizen_id: &str, now_ms: i64) {
        let (code, behaviour, points, fine_fen) = BEHAVIOURS[2];
        self.add_violation(citizen_id, now_ms - 2 * DAY_MS, |violation| {
            violation.code = code.to_owned();
            violation.behaviour = behaviour.to_owned();
            violation.points = points;
            violation.fine_fen = fine_fen;
        });
    }

    pub(super) fn add_violation(
        &mut self,
        citizen_id: &str,
        at_ms: i64,
        fill: impl FnOnce(&mut Violation),
    ) {
        let Some(citizen) = self.citizen(citizen_id) else {
            return;
        };
        let Some(car) = citizen.vehicles.first() else {
            return;
        };
        let (_, city_name, _) = CITIES[citizen.work.city];
        let minute = (number_of(&format!("{}{at_ms}", car.plate_no)) % 60) as i64;
        let mut violation = Violation {
            plate_no: car.plate_no.clone(),
            at_ms: at_ms - HOUR_MS - minute * MINUTE_MS,
            place: format!("{city_name}市示例大道{}号路口", 10 + minute),
            code: String::new(),
            behaviour: String::new(),
            points: 0,
            fine_fen: 0,
            agency: traffic_police(city_name),
            notice_no: None,
        };
        fill(&mut violation);
        self.violations.push(violation);
    }
}

pub(super) fn traffic_police(city_name: &str) -> String {
    format!("{city_name}市公安局交通警察支队")
}

/// Plates have no I and no O.
fn plate_letter(number: u64) -> char {
    const LETTERS: &[u8] = b"XYZABCDEFGHJKLMNPQRSTUVW";
    char::from(LETTERS[((number / 10_000) % LETTERS.len() as u64) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Day;
    use crate::world::people::is_id_card;

    #[test]
    fn seeded_people_are_consistent() {
        let now = crate::clock::parse_rfc3339("2026-03-02T09:00:00+08:00").unwrap();
        let world = first_world(Secrets::generate().unwrap(), 0, now);
        assert_eq!(world.citizens.len(), 3);
        for citizen in &world.citizens {
            assert!(is_id_card(&citizen.id_card), "{}", citizen.id_card);
            assert_eq!((citizen.open_id.len(), citizen.phone.len()), (28, 11));
            let plate = &citizen.vehicles[0].plate_no;
            let seen: Vec<_> = world.violations.iter().filter(|v| &v.plate_no == plate).collect();
            assert_eq!(seen.iter().filter(|v| v.notice_no.is_none()).count(), 1);
            let dues: Vec<_> = seen
                .iter()
                .filter_map(|v| v.notice_no.as_ref())
                .map(|no| world.notices[no].due_fen(Day::of(now)))
                .collect();
            assert_eq!(dues, [20_000, 26_000]);
        }
        assert!(world.notices.contains_key("330000001FS0000000001"));
    }
}
