//! From what somebody wrote to a checked definition, or to everything that is wrong with it.

mod booking;
mod case;
mod certificate;
mod fields;
mod lottery;
mod payment;
mod run;
mod schedule;
mod texts;

use super::words::Word;
use super::{
    AppDefinition, AppSlug, Category, CategorySlug, Fault, Place, Problem, Provenance, RawApp,
    RawCategory,
};
use crate::identity::IdentityLevel;
use crate::standards::RegionCode;
use texts::Findings;

/// Names are headings: longer ones break on a phone.
const NAME_MAX: usize = 80;
const SUMMARY_MAX: usize = 200;
const COVERAGE_MAX: usize = 200;
/// What is longer is a sentence, and found by its words.
const KEYWORD_MAX: usize = 20;
const KEYWORDS_MAX: usize = 40;
const STARS_MAX: u8 = 5;
/// Places on a first screen; what does not fit stands behind.
const PLACES_MAX: u8 = 20;

impl Category {
    /// `index` is its place in the file, for the faults.
    ///
    /// # Errors
    /// Every [`Fault`] of the category.
    pub fn check(raw: &RawCategory, index: usize) -> Result<Self, Vec<Fault>> {
        let mut findings = Findings::default();
        let place = |key| Place::Category { index, slug: raw.slug.clone(), key };
        let name = findings.bilingual(place("name"), &raw.name, NAME_MAX);
        let slug = CategorySlug::new(&raw.slug).ok();
        if slug.is_none() {
            findings.add(place("slug"), Problem::NotAName(raw.slug.clone()));
        }
        if !(1..=16).contains(&raw.order) {
            findings.add(place("order"), Problem::OutOfRange("1 to 16"));
        }
        findings.into_result(slug.map(|slug| Self { slug, name, order: raw.order }))
    }
}

impl AppDefinition {
    /// # Errors
    /// Every [`Fault`] of the definition at once, in the order of its parts.
    pub fn check(raw: &RawApp) -> Result<Self, Vec<Fault>> {
        let mut findings = Findings::default();
        let at = |key| Place::App { key };
        let slug = AppSlug::new(&raw.slug).ok();
        if slug.is_none() {
            findings.add(at("slug"), Problem::NotAName(raw.slug.clone()));
        }
        let name = findings.bilingual(at("name"), &raw.name, NAME_MAX);
        let summary = findings.text(at("summary"), &raw.summary, SUMMARY_MAX);
        let category = CategorySlug::new(&raw.category).ok();
        if category.is_none() {
            findings.add(at("category"), Problem::NotAName(raw.category.clone()));
        }
        let department = findings.text(at("department"), &raw.department, NAME_MAX);
        let kind = findings.word(at("kind"), &raw.kind);
        let channels = findings.words(&at("channels"), &raw.channels);
        let identity_level = findings.word(at("identity_level"), &raw.identity_level);
        let audience = findings.words(&at("audience"), &raw.audience);
        let coverage = coverage(&mut findings, &raw.coverage);
        let schedule = schedule::check(&mut findings, raw);
        for (key, place, range) in [
            ("stars", raw.stars, 1..=STARS_MAX),
            ("hot", raw.hot, 1..=PLACES_MAX),
            ("elder", raw.elder, 1..=PLACES_MAX),
        ] {
            if place.is_some_and(|place| !range.contains(&place)) {
                let range = if key == "stars" { "1 to 5" } else { "1 to 20" };
                findings.add(at(key), Problem::OutOfRange(range));
            }
        }
        if raw.form_version == 0 {
            findings.add(at("form_version"), Problem::OutOfRange("1 and more"));
        }
        let fields = fields::check(&mut findings, raw, identity_level);
        let rows = run::check_rows(&mut findings, &raw.rows);
        let action = run::check_action(&mut findings, raw, identity_level);
        let lottery = lottery::check(&mut findings, raw, kind);
        let leads_to = run::check_leads_to(&mut findings, raw, kind);
        let provenance = provenance(&mut findings, raw);
        let keywords = keywords(&mut findings, raw);
        let note = raw.note.clone();
        let all = slug.zip(category).zip(kind).zip(identity_level);
        findings.into_result(all.map(|(((slug, category), kind), identity_level)| Self {
            slug,
            name,
            summary,
            category,
            department,
            kind,
            channels,
            identity_level,
            audience,
            coverage,
            schedule,
            stars: raw.stars,
            hot: raw.hot,
            elder: raw.elder,
            form_version: raw.form_version,
            fields,
            action,
            lottery,
            rows,
            leads_to,
            provenance,
            keywords,
            note,
        }))
    }
}

fn coverage(findings: &mut Findings, codes: &[String]) -> Vec<RegionCode> {
    let place = Place::App { key: "coverage" };
    findings.list(&place, codes, COVERAGE_MAX);
    let mut checked = Vec::new();
    for text in codes {
        match RegionCode::new(text) {
            Ok(code) => checked.push(code),
            Err(_) => findings.add(place.clone(), Problem::NotARegion(text.clone())),
        }
    }
    checked
}

fn keywords(findings: &mut Findings, raw: &RawApp) -> Vec<String> {
    let place = Place::App { key: "keywords" };
    if raw.keywords.len() > KEYWORDS_MAX {
        findings.add(place.clone(), Problem::TooMany { max: KEYWORDS_MAX });
    }
    findings.distinct(&place, &raw.keywords);
    let text = |keyword: &String| findings.text(place.clone(), keyword, KEYWORD_MAX);
    raw.keywords.iter().map(text).collect()
}

fn provenance(findings: &mut Findings, raw: &RawApp) -> Provenance {
    let source = raw.source.as_deref().unwrap_or_default();
    match raw.provenance.as_str() {
        "sourced" => {
            let source = findings.text(Place::App { key: "source" }, source, SUMMARY_MAX);
            return Provenance::Sourced { source };
        }
        "composed" if source.is_empty() => {}
        "composed" => {
            let problem = Problem::Contradiction("a composed app has no source");
            findings.add(Place::App { key: "source" }, problem);
        }
        other => {
            let (word, known) = (other.to_owned(), "sourced, composed".to_owned());
            let problem = Problem::UnknownWord { word, known };
            findings.add(Place::App { key: "provenance" }, problem);
        }
    }
    Provenance::Composed
}

/// Does this level know the name and number of the caller?
fn is_verified(level: Option<IdentityLevel>) -> bool {
    // An unknown level is a fault of its own; it must not raise another here.
    level.is_none_or(|level| level >= IdentityLevel::RealName)
}

/// Every word of a closed list, for a fault's text.
fn known_words<W: Word>() -> String {
    W::ALL.iter().map(|word| word.word()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
