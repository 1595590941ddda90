//! How well a query fits a phrase: the best way to lay one along the other, in order, where a
//! character may be meant by itself, by one that sounds alike, by its pinyin or by its initial.

use super::letters::one_slip;
use super::phrase::{Part, Phrase, Sounds, present};
use super::query::{Element, Query, SOUND_MAX};

/// What standing together is worth beside what is there.
const TOGETHER: f32 = 0.5;

/// How well one thing stands for another, from 0 to 1.
mod fit {
    pub(super) const SAME: f32 = 1.0;
    pub(super) const SOUNDS_ALIKE: f32 = 0.75;
    pub(super) const SPOKEN_ALIKE: f32 = 0.55;
    pub(super) const PINYIN_SPOKEN: f32 = 0.85;
    pub(super) const PINYIN_BEGUN: f32 = 0.85;
    pub(super) const PINYIN_SLIP: f32 = 0.65;
    pub(super) const INITIAL: f32 = 0.8;
    /// zh, ch and sh are typed for an initial by few.
    pub(super) const LONG_INITIAL: f32 = 0.7;
    /// The other sound of a character is meant less often.
    pub(super) const OTHER_SOUND: f32 = 0.93;
    /// A single letter out of any order fits half of all words.
    pub(super) const STRAY_INITIAL: f32 = 0.15;
}

/// What was laid along so far.
#[derive(Debug, Clone, Copy, Default)]
struct Laid {
    gain: f32,
    query: f32,
    phrase: f32,
    /// Whether any two neighbours were laid on neighbours.
    neighbours: bool,
}

impl Laid {
    fn better(self, other: Self) -> Self {
        if other.gain > self.gain { other } else { self }
    }
}

/// Room for the tables, kept from phrase to phrase.
#[derive(Default)]
pub(super) struct Room {
    best: Vec<Laid>,
    /// Where the last element was laid; `None` where that cannot be.
    ends: Vec<Option<Laid>>,
}

/// From 0, nothing in common, to 1, the same.
pub(super) fn fit(query: &Query, phrase: &Phrase, sounds: &Sounds, room: &mut Room) -> f32 {
    let (rows, columns) = (query.elements.len() + 1, phrase.parts.len() + 1);
    room.best.clear();
    room.best.resize(rows * columns, Laid::default());
    room.ends.clear();
    room.ends.resize(rows * columns, None);
    for row in 1..rows {
        for column in 1..columns {
            let end = lay(query, phrase, sounds, room, (row, column));
            let at = row * columns + column;
            let skipped = room.best[at - columns].better(room.best[at - 1]);
            room.best[at] = end.map_or(skipped, |end| skipped.better(end));
            room.ends[at] = end;
        }
    }
    let laid = room.best.last().copied().unwrap_or_default();
    let by_chance = query.several && !laid.neighbours;
    if laid.phrase <= 0.0 || query.weight <= 0.0 || by_chance {
        return 0.0;
    }
    let how_well = laid.gain / (laid.phrase * (1.0 + TOGETHER));
    let of_query = laid.query / query.weight;
    let of_phrase = laid.phrase / phrase.weight;
    how_well * of_query * of_query.sqrt() * (0.55 + 0.45 * of_phrase)
}

/// The best way to end with this element on this part.
fn lay(
    query: &Query,
    phrase: &Phrase,
    sounds: &Sounds,
    room: &Room,
    (row, column): (usize, usize),
) -> Option<Laid> {
    let columns = phrase.parts.len() + 1;
    let element = &query.elements[row - 1];
    let part = &phrase.parts[column - 1];
    // A word that says nothing parts no two that stand together.
    let carried = room.ends[(row - 1) * columns + column].filter(|_| element.filler);
    let mut best = carried;
    let mut try_on = |length: usize, fit: f32, stray: f32| {
        let from = row - length;
        let before = from * columns + column - 1;
        let typed = &query.elements[from..row];
        let weight: f32 = typed.iter().map(|element| element.weight).sum();
        let on = |before: Laid, fit: f32, together: f32| Laid {
            gain: before.gain + part.weight * fit * (1.0 + together),
            query: before.query + weight * fit,
            phrase: before.phrase + part.weight,
            neighbours: before.neighbours,
        };
        let begins = column == 1 || from == 0;
        let apart = if begins {
            on(room.best[before], fit, TOGETHER)
        } else {
            on(room.best[before], stray, 0.0)
        };
        let laid = room.ends[before]
            .map_or(apart, |end| apart.better(Laid { neighbours: true, ..on(end, fit, TOGETHER) }));
        best = Some(best.map_or(laid, |best| best.better(laid)));
    };
    if element.run == 0 {
        if let Some(fit) = character(element, part, sounds) {
            try_on(1, fit, fit);
        }
    } else if part.c.is_ascii() {
        if part.c == element.c {
            try_on(1, fit::SAME, fit::SAME);
        }
    } else {
        for (sound, rare) in present(&part.sounds).zip([1.0, fit::OTHER_SOUND]) {
            pinyin(query, row, sound, sounds, &mut |length, fit, stray| {
                try_on(length, fit * rare, stray);
            });
        }
    }
    best
}

fn character(element: &Element, part: &Part, sounds: &Sounds) -> Option<f32> {
    if element.c == part.c {
        return Some(fit::SAME);
    }
    let mut best: Option<f32> = None;
    for (typed, rare) in present(&element.sounds).zip([1.0, fit::OTHER_SOUND]) {
        for (meant, rarer) in present(&part.sounds).zip([rare, rare * fit::OTHER_SOUND]) {
            let fit = if typed == meant {
                fit::SOUNDS_ALIKE
            } else if sounds.spoken(typed) == sounds.spoken(meant) {
                fit::SPOKEN_ALIKE
            } else {
                continue;
            };
            best = Some(best.unwrap_or_default().max(fit * rarer));
        }
    }
    best
}

/// Every number of letters, up to this one, that may mean the sound.
fn pinyin(
    query: &Query,
    row: usize,
    sound: u16,
    sounds: &Sounds,
    try_on: &mut impl FnMut(usize, f32, f32),
) {
    let element = &query.elements[row - 1];
    let meant = sounds.text(sound).as_bytes();
    let spoken = sounds.spoken(sound);
    let last = query.elements.get(row).is_none_or(|next| next.run == 0);
    if meant.first() == query.letters.get(row - 1) {
        try_on(1, fit::INITIAL, fit::STRAY_INITIAL);
    }
    for length in 1..=element.run.min(SOUND_MAX) {
        let typed = &query.letters[row - length..row];
        let slip = meant.len() >= 3 && length >= 2 && length.abs_diff(meant.len()) <= 1;
        let fit = if typed == meant {
            fit::SAME
        } else if element.heard[length - 1].is_some_and(|heard| Some(heard) == spoken) {
            fit::PINYIN_SPOKEN
        } else if length == 2 && matches!(typed, b"zh" | b"ch" | b"sh") && meant.starts_with(typed)
        {
            fit::LONG_INITIAL
        } else if last && length >= 2 && meant.starts_with(typed) {
            fit::PINYIN_BEGUN
        } else if slip && one_slip(typed, meant) {
            fit::PINYIN_SLIP
        } else {
            continue;
        };
        try_on(length, fit, fit);
    }
}
