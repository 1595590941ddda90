//! The index of one catalogue: which phrases and apps share something with a query, and in which
//! order they answer it.

use super::align::{self, Room};
use super::number;
use super::phrase::{Phrase, Sounds, present};
use super::query::Query;
use super::text::{is_han, normal};
use super::{Reading, TextTooLong, text};
use crate::catalogue::{AppDefinition, AppSlug, Catalogue, FieldType};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// An app that answers a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppHit {
    /// Which.
    pub slug: AppSlug,
    /// The name or other word that was meant, with its sounds when letters were typed; of a
    /// number, the field that takes it.
    pub matched: String,
}

/// How much characters tell: the rarer in names, the more.
pub(super) struct Weights(HashMap<char, f32>);

impl Weights {
    const UNKNOWN: f32 = 0.45;
    const LEAST: f32 = 0.12;

    fn new(names_of_apps: &[BTreeSet<char>]) -> Self {
        let mut counts: HashMap<char, usize> = HashMap::new();
        for c in names_of_apps.iter().flatten() {
            *counts.entry(*c).or_default() += 1;
        }
        let all = count(names_of_apps.len().max(2));
        let weight = |in_apps: usize| ((all / count(in_apps)).ln() / all.ln()).max(Self::LEAST);
        Self(counts.into_iter().map(|(c, in_apps)| (c, weight(in_apps))).collect())
    }

    pub(super) fn of(&self, c: char) -> f32 {
        self.0.get(&c).copied().unwrap_or(Self::UNKNOWN)
    }
}

/// What phrases are looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Key {
    Character(char),
    /// As spoken.
    Sound(u16),
    Initials([u8; 2]),
    Letters([u8; 3]),
}

/// What a key is worth, and where it stands.
type Posting<T> = (f32, Vec<T>);
/// Apps, each with the weight of the text where the pair stands.
type Pairs = HashMap<[char; 2], Posting<(u32, f32)>>;

/// The index.
pub struct SearchIndex {
    sounds: Sounds,
    weights: Weights,
    phrases: Vec<Phrase>,
    /// In the order of ties: category, then slug.
    apps: Vec<AppSlug>,
    /// Of phrases.
    postings: HashMap<Key, Posting<u32>>,
    /// Of the texts around apps.
    pairs: Pairs,
    /// Apps that take a number of the kind, best first, with the field's label.
    takes: BTreeMap<FieldType, Vec<(u32, String)>>,
}

/// So many phrases and apps are looked at closely.
const CLOSELY: usize = 64;
/// A worse answer is none.
const LEAST: f32 = 0.1;
/// Letters fit something by chance.
const LEAST_OF_LETTERS: f32 = 0.34;
/// What the phrase is worth beside the texts around it.
const PHRASE: f32 = 0.72;
/// Numbers that fit a field: kinds of numbers that citizens have.
const NUMBERS: [FieldType; 7] = [
    FieldType::PlateNo,
    FieldType::IdCard,
    FieldType::Uscc,
    FieldType::Phone,
    FieldType::ReceiptCode,
    FieldType::ReceiptNo,
    FieldType::NoticeNo,
];

impl SearchIndex {
    /// Reads the names, keywords and texts of every app.
    pub fn new(catalogue: &Catalogue, reading: &dyn Reading) -> Self {
        let order: BTreeMap<&_, u8> =
            catalogue.categories().iter().map(|c| (&c.slug, c.order)).collect();
        let mut apps: Vec<&AppDefinition> = catalogue.apps().collect();
        apps.sort_by_key(|app| (order.get(&app.category), &app.slug));
        let characters = |app: &&AppDefinition| -> BTreeSet<char> {
            let names = app.keywords.iter().chain([&app.name.zh]);
            names.flat_map(|name| normal(name).chars().collect::<Vec<_>>()).collect()
        };
        let weights = Weights::new(&apps.iter().map(characters).collect::<Vec<_>>());
        let mut sounds = Sounds::default();
        let mut phrases = Vec::new();
        for (at, app) in (0_u32..).zip(&apps) {
            for name in [&app.name.zh].into_iter().chain(&app.keywords) {
                phrases.push(Phrase::new(at, name, reading, &mut sounds, &weights));
            }
        }
        let postings = postings(&phrases, &sounds);
        let pairs = pairs(catalogue, &apps);
        let takes = NUMBERS.into_iter().map(|kind| (kind, takers(&apps, kind))).collect();
        let apps = apps.iter().map(|app| app.slug.clone()).collect();
        Self { sounds, weights, phrases, apps, postings, pairs, takes }
    }

    /// The apps that answer, best first; ties in the order of the screen, then by slug. An empty
    /// text is answered by none.
    ///
    /// # Errors
    /// [`TextTooLong`] as said there.
    pub fn search(&self, typed: &str, reading: &dyn Reading) -> Result<Vec<AppHit>, TextTooLong> {
        let by_number = self.by_number(&number::kinds(typed));
        if !by_number.is_empty() {
            return Ok(by_number);
        }
        Ok(self.by_words(&text::checked(typed)?, reading))
    }

    fn by_number(&self, kinds: &[FieldType]) -> Vec<AppHit> {
        let mut seen = BTreeSet::new();
        let takers = kinds.iter().filter_map(|kind| self.takes.get(kind)).flatten();
        let new = takers.filter(|(app, _)| seen.insert(*app)).take(CLOSELY);
        new.filter_map(|(app, label)| self.hit(*app, label.clone())).collect()
    }

    fn hit(&self, app: u32, matched: String) -> Option<AppHit> {
        let slug = self.apps.get(usize::try_from(app).ok()?)?.clone();
        Some(AppHit { slug, matched })
    }

    fn by_words(&self, normal: &str, reading: &dyn Reading) -> Vec<AppHit> {
        if normal.is_empty() {
            return Vec::new();
        }
        let query = Query::new(normal, reading, &self.sounds, &self.weights);
        let around = self.around(&query);
        let mut best: HashMap<u32, (f32, Option<u32>)> =
            around.iter().map(|app| (*app.0, (0.0, None))).collect();
        let mut room = Room::default();
        for at in self.candidates(&query) {
            let Some(phrase) = self.phrase(at) else { continue };
            let fit = align::fit(&query, phrase, &self.sounds, &mut room);
            let known = best.entry(phrase.app).or_insert((0.0, None));
            if fit > known.0 {
                *known = (fit, Some(at));
            }
        }
        let around_share = if query.pairs.is_empty() { 0.0 } else { (1.0 - PHRASE) * query.han };
        let least = LEAST + (LEAST_OF_LETTERS - LEAST) * query.letter;
        let mut ranked: Vec<(u32, u32, Option<u32>)> = Vec::new();
        for (app, (fit, phrase)) in best {
            let near = around.get(&app).copied().unwrap_or(0.0);
            let score = fit * (1.0 - around_share) + near * around_share;
            if score >= least {
                ranked.push((in_steps(score), app, phrase));
            }
        }
        ranked.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        ranked.truncate(CLOSELY);
        let hit = |(_, app, phrase): (u32, u32, Option<u32>)| {
            self.hit(app, self.matched(&query, app, phrase))
        };
        ranked.into_iter().filter_map(hit).collect()
    }

    fn phrase(&self, at: u32) -> Option<&Phrase> {
        self.phrases.get(usize::try_from(at).ok()?)
    }

    fn matched(&self, query: &Query, app: u32, phrase: Option<u32>) -> String {
        let first_of = || self.phrases.iter().find(|phrase| phrase.app == app);
        let Some(phrase) = phrase.and_then(|at| self.phrase(at)).or_else(first_of) else {
            return String::new();
        };
        let read = query.has_letters() && phrase.parts.iter().any(|part| is_han(part.c));
        let pinyin = if read { format!(" {}", phrase.pinyin(&self.sounds)) } else { String::new() };
        format!("{}{pinyin}", phrase.text)
    }

    /// How much of the query's pairs the texts around each app have, from 0 to 1.
    fn around(&self, query: &Query) -> HashMap<u32, f32> {
        let unknown = count(self.apps.len() + 1).ln();
        let mut all = 0.0;
        let mut shares: HashMap<u32, f32> = HashMap::new();
        for pair in &query.pairs {
            let Some((worth, apps)) = self.pairs.get(pair) else {
                all += unknown;
                continue;
            };
            all += worth;
            for (app, weight) in apps {
                *shares.entry(*app).or_default() += worth * weight;
            }
        }
        for share in shares.values_mut() {
            *share /= all;
        }
        shares
    }

    /// The phrases that share most with the query.
    fn candidates(&self, query: &Query) -> Vec<u32> {
        let mut shared = vec![0.0_f32; self.phrases.len()];
        let mut touched = Vec::new();
        for (key, worth) in self.keys(query) {
            let Some((rare, phrases)) = self.postings.get(&key) else { continue };
            for at in phrases {
                let Some(sum) = usize::try_from(*at).ok().and_then(|at| shared.get_mut(at)) else {
                    continue;
                };
                if *sum == 0.0 {
                    touched.push(*at);
                }
                *sum += worth * rare;
            }
        }
        let mut scored: Vec<(u32, u32)> = touched
            .into_iter()
            .filter_map(|at| {
                let index = usize::try_from(at).ok()?;
                let per_length = shared.get(index)? / (2.0 + self.phrases.get(index)?.weight);
                Some((u32::MAX - in_steps(per_length), at))
            })
            .collect();
        if scored.len() > CLOSELY {
            scored.select_nth_unstable(CLOSELY);
            scored.truncate(CLOSELY);
        }
        scored.into_iter().map(|(_, at)| at).collect()
    }

    /// What of a query leads to phrases, each once, with its worth.
    fn keys(&self, query: &Query) -> BTreeMap<Key, f32> {
        let mut keys = BTreeMap::new();
        for (at, element) in query.elements.iter().enumerate().filter(|(_, e)| !e.filler) {
            keys.insert(Key::Character(element.c), 1.0);
            let spoken = present(&element.sounds).filter_map(|sound| self.sounds.spoken(sound));
            for sound in spoken {
                keys.insert(Key::Sound(sound), 0.6);
            }
            for heard in element.heard.iter().skip(1).flatten() {
                keys.insert(Key::Sound(*heard), 0.6);
            }
            let letters = |length: usize| {
                let from = (at + 1).checked_sub(length).filter(|_| element.run >= length)?;
                query.letters.get(from..=at)
            };
            if let Some([a, b]) = letters(2) {
                keys.insert(Key::Initials([*a, *b]), 0.8);
            }
            if let Some([a, b, c]) = letters(3) {
                keys.insert(Key::Letters([*a, *b, *c]), 0.4);
            }
        }
        keys
    }
}

/// In steps of a ten-thousandth, so that two scores are the same on every machine.
fn in_steps(score: f32) -> u32 {
    (score * 10_000.0).round() as u32
}

fn count(of: usize) -> f32 {
    u16::try_from(of).map_or(f32::from(u16::MAX), f32::from)
}

fn postings(phrases: &[Phrase], sounds: &Sounds) -> HashMap<Key, Posting<u32>> {
    let mut postings: HashMap<Key, Posting<u32>> = HashMap::new();
    for (at, phrase) in (0_u32..).zip(phrases) {
        for key in phrase_keys(phrase, sounds) {
            postings.entry(key).or_insert((0.0, Vec::new())).1.push(at);
        }
    }
    for (worth, phrases_of_key) in postings.values_mut() {
        *worth = (1.0 + count(phrases.len()) / count(phrases_of_key.len())).ln();
    }
    postings
}

fn phrase_keys(phrase: &Phrase, sounds: &Sounds) -> BTreeSet<Key> {
    let mut keys = BTreeSet::new();
    for (at, part) in phrase.parts.iter().enumerate() {
        keys.insert(Key::Character(part.c));
        for sound in present(&part.sounds) {
            keys.extend(sounds.spoken(sound).map(Key::Sound));
            let text = sounds.text(sound);
            let next = phrase.parts.get(at + 1);
            let nexts = next.map(|next| present(&next.sounds)).into_iter().flatten();
            keys.extend(triples(text));
            for next in nexts {
                let next = sounds.text(next);
                keys.extend(triples(&format!("{text}{}", next.get(..2).unwrap_or(next))));
                if let (Some(a), Some(b)) = (text.bytes().next(), next.bytes().next()) {
                    keys.insert(Key::Initials([a, b]));
                }
            }
        }
    }
    keys
}

fn triples(letters: &str) -> impl Iterator<Item = Key> + '_ {
    let three = |three: &[u8]| Some(Key::Letters(three.try_into().ok()?));
    letters.as_bytes().windows(3).filter_map(three)
}

/// How much a text says about what an app is for.
const TEXTS: [f32; 4] = [1.0, 0.6, 0.4, 0.25];

fn pairs(catalogue: &Catalogue, apps: &[&AppDefinition]) -> Pairs {
    let mut pairs = Pairs::new();
    for (at, app) in (0_u32..).zip(apps) {
        let mut of_app: HashMap<[char; 2], f32> = HashMap::new();
        for (weight, text) in texts(catalogue, app) {
            let characters: Vec<char> = text.chars().collect();
            for two in characters.windows(2).filter(|two| two.iter().all(|c| is_han(*c))) {
                let known = of_app.entry([two[0], two[1]]).or_default();
                *known = known.max(weight);
            }
        }
        for (pair, weight) in of_app {
            pairs.entry(pair).or_insert((0.0, Vec::new())).1.push((at, weight));
        }
    }
    for (worth, apps_of_pair) in pairs.values_mut() {
        *worth = (1.0 + count(apps.len()) / count(apps_of_pair.len())).ln();
    }
    pairs
}

fn texts<'a>(catalogue: &'a Catalogue, app: &'a AppDefinition) -> Vec<(f32, &'a str)> {
    let [name, summary, labels, place] = TEXTS;
    let category = catalogue.category(&app.category).map(|category| category.name.zh.as_str());
    let mut texts = vec![(name, app.name.zh.as_str()), (summary, &app.summary)];
    texts.extend(app.keywords.iter().map(|keyword| (name, keyword.as_str())));
    texts.extend(app.fields.iter().map(|field| (labels, field.label.zh.as_str())));
    let options = app.fields.iter().flat_map(|field| &field.options);
    texts.extend(options.map(|option| (labels, option.label.as_str())));
    texts.extend(app.rows.iter().map(|row| (labels, row.label.zh.as_str())));
    texts.extend(category.map(|category| (place, category)));
    texts.push((place, &app.department));
    texts
}

/// Those that run, before those that ask for it first, before those that ask for it later.
fn takers(apps: &[&AppDefinition], kind: FieldType) -> Vec<(u32, String)> {
    let mut takers: Vec<_> = (0_u32..)
        .zip(apps)
        .filter_map(|(at, app)| {
            let (place, field) = number::takes(app, kind)?;
            Some(((!app.runs(), !field.required, place, at), field.label.zh.clone()))
        })
        .collect();
    takers.sort();
    takers.into_iter().map(|((_, _, _, at), label)| (at, label)).collect()
}
