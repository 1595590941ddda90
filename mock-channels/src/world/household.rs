//! What follows from a citizen alone, so that every department says the same: house, child, car.

use super::people::{CITIES, Citizen, number_of};
use crate::clock::Day;

/// The home that a citizen owns.
pub(crate) struct House {
    pub(crate) address: String,
    /// In square metres, two decimals.
    pub(crate) area: String,
}

/// The child of a citizen.
pub(crate) struct Child {
    pub(crate) name: String,
    pub(crate) birth: Day,
}

impl Citizen {
    /// The name of the city in which the citizen works and lives.
    pub(crate) fn city(&self) -> &'static str {
        CITIES[self.work.city].1
    }

    fn chance(&self, of: &str) -> i64 {
        i64::try_from(number_of(&format!("{of}/{}", self.id_card))).unwrap_or(0)
    }

    pub(crate) fn house(&self) -> House {
        let seed = self.chance("house");
        let (street, building, room) = (1 + seed % 300, 1 + seed / 300 % 20, seed / 6_000);
        let (floor, door) = (1 + room % 18, 1 + room / 18 % 4);
        House {
            address: format!("{}市样例路{street}号{building}幢{floor}0{door}室", self.city()),
            area: format!("{}.{:02}", 60 + seed % 90, seed / 90 % 100),
        }
    }

    /// Of an age at which children are vaccinated and go to school.
    pub(crate) fn child(&self) -> Child {
        const GIVEN: [&str; 8] = ["子墨", "雨桐", "一诺", "浩然", "欣怡", "梓轩", "诗涵", "宇航"];
        let seed = self.chance("child");
        let surname: String = self.name.chars().take(1).collect();
        let given = GIVEN[usize::try_from(seed % 8).unwrap_or(0)];
        let born: i64 = self.id_card.get(6..10).and_then(|year| year.parse().ok()).unwrap_or(0);
        let year = (born + 22).max(2015 + seed / 8 % 8);
        let (month, day) = (1 + seed / 64 % 12, 1 + seed / 768 % 28);
        let birth = Day::from_text(&format!("{year:04}-{month:02}-{day:02}"));
        Child { name: format!("{surname}{given}"), birth: birth.unwrap_or(Day(0)) }
    }

    /// The 17 characters under which the first car left its factory.
    pub(crate) fn vin(&self) -> String {
        let tail = self.vehicles.first().map_or("000000", |car| car.vin_tail.as_str());
        format!("LZWADAGA0FB{tail}")
    }

    /// `林**`
    pub(crate) fn masked_name(&self) -> String {
        let mut characters = self.name.chars();
        let first: String = characters.next().into_iter().collect();
        first + &"*".repeat(characters.count())
    }
}
