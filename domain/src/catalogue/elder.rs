//! The catalogue for the elderly: a few large tiles to begin with, everything else one step
//! behind, and for each thing on the screen words that a phone reads aloud. Nothing that others
//! can reach is left out: a simpler way in is no smaller house.

use super::{AppDefinition, AppSlug, Availability, Catalogue, CategorySlug};
use crate::identity::{Audience, Channel};
use crate::standards::RegionCode;
use jiff::Timestamp;

/// So many tiles fit a first screen in the largest letters.
pub const ELDER_TILES: usize = 6;

/// For whom it is made, where and when.
#[derive(Debug, Clone, Copy)]
pub struct ElderView<'a> {
    /// Where.
    pub region: &'a RegionCode,
    /// By which way.
    pub channel: Channel,
    /// For persons or companies; `None`: for both.
    pub audience: Option<Audience>,
    /// When.
    pub now: Timestamp,
}

/// One tile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElderTile {
    /// The app that it opens.
    pub app: AppSlug,
    /// Read aloud, in Chinese: what it is called, what it does, and why it is closed.
    pub voice: String,
}

/// All apps of one category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElderGroup {
    /// Which.
    pub category: CategorySlug,
    /// Read aloud: its name, and how many services it has.
    pub voice: String,
    /// All of them; those that are open first.
    pub tiles: Vec<ElderTile>,
}

/// The projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElderHome {
    /// The first screen: at most [`ELDER_TILES`], only what can be used now.
    pub tiles: Vec<ElderTile>,
    /// Everything, by category; categories without an app are left out.
    pub groups: Vec<ElderGroup>,
}

impl ElderHome {
    /// Of this catalogue.
    pub fn of(catalogue: &Catalogue, view: ElderView<'_>) -> Self {
        let wanted = |app: &&AppDefinition| {
            view.audience.is_none_or(|audience| app.audience.contains(&audience))
        };
        let tile = |app: &AppDefinition| {
            let found = catalogue.availability(app, view.region, view.channel, view.now).ok();
            let open = found.as_ref().is_some_and(Availability::is_open);
            let voice = voice(app, found.as_ref().and_then(Availability::reason));
            (open, ElderTile { app: app.slug.clone(), voice })
        };
        let mut first: Vec<_> = catalogue.apps().filter(|app| app.elder.is_some()).collect();
        first.sort_by_key(|app| app.elder);
        let first = first.into_iter().filter(wanted).map(tile).filter(|(open, _)| *open);
        let tiles = first.take(ELDER_TILES).map(|(_, tile)| tile).collect();
        let groups = catalogue.categories().iter().filter_map(|category| {
            let mut all: Vec<_> =
                catalogue.apps_of(&category.slug).filter(wanted).map(tile).collect();
            all.sort_by_key(|(open, _)| !open);
            let voice = format!("{}，有{}项服务", category.name.zh, all.len());
            let tiles: Vec<_> = all.into_iter().map(|(_, tile)| tile).collect();
            let category = category.slug.clone();
            (!tiles.is_empty()).then_some(ElderGroup { category, voice, tiles })
        });
        Self { tiles, groups: groups.collect() }
    }
}

/// Names and summaries are written for the eye: signs that a voice stumbles over become pauses.
fn voice(app: &AppDefinition, closed: Option<&str>) -> String {
    let summary = app.summary.trim_end_matches(['。', '；']);
    let spoken = format!("{}。{summary}。", app.name.zh);
    let mut spoken: String = spoken
        .chars()
        .map(|c| match c {
            '(' | ')' | '（' | '）' | '；' | '/' | '—' | '：' => '，',
            other => other,
        })
        .collect();
    while spoken.contains("，，") {
        spoken = spoken.replace("，，", "，");
    }
    let spoken = spoken.replace("，。", "。");
    match closed {
        Some(reason) => format!("{spoken}现在不能办理：{reason}。"),
        None => spoken,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{catalogue, checked, parts, sample, words};
    use super::*;

    fn view(region: &RegionCode) -> ElderView<'_> {
        let now = "2026-03-02T10:00:00+08:00".parse().unwrap();
        ElderView { region, channel: Channel::App, audience: None, now }
    }

    #[test]
    fn the_first_screen_has_few_tiles_in_order_and_the_rest_stands_behind() {
        let mut parts = parts(sample());
        parts.apps.clear();
        for number in 1..=9_u8 {
            let mut raw = sample();
            raw.slug = format!("app_{number}");
            raw.elder = (number != 3).then_some(10 - number);
            if number == 8 {
                raw.channels = words("wechat");
            }
            parts.apps.push(checked(raw));
        }
        let catalogue = Catalogue::check(parts).unwrap();
        let region = RegionCode::new("330100").unwrap();
        let home = ElderHome::of(&catalogue, view(&region));
        let slugs = |tiles: &[ElderTile]| -> Vec<String> {
            tiles.iter().map(|tile| tile.app.to_string()).collect()
        };
        assert_eq!(slugs(&home.tiles), words("app_9 app_7 app_6 app_5 app_4 app_2"));
        let all = words("app_1 app_2 app_3 app_4 app_5 app_6 app_7 app_9 app_8");
        assert_eq!(slugs(&home.groups[0].tiles), all, "what is closed here stands last");
        assert_eq!(home.groups[0].voice, "交通旅游，有9项服务");
    }

    #[test]
    fn the_voice_says_name_purpose_and_why_it_is_closed() {
        let mut raw = sample();
        raw.name.zh = "缴费(按单号)".to_owned();
        let region = RegionCode::new("330100").unwrap();
        let open = ElderHome::of(&catalogue(raw.clone()), view(&region));
        let said = "缴费，按单号。查询违章，由省公安厅提供。";
        assert_eq!(open.groups[0].tiles[0].voice, said);
        raw.channels = words("wechat");
        let closed = ElderHome::of(&catalogue(raw), view(&region));
        let voice = &closed.groups[0].tiles[0].voice;
        assert!(voice.starts_with(said) && voice.contains("现在不能办理：该服务未在"), "{voice}");
    }

    #[test]
    fn apps_for_companies_alone_are_not_shown_to_persons() {
        let mut raw = sample();
        raw.audience = words("legal_person");
        let region = RegionCode::new("330100").unwrap();
        let catalogue = catalogue(raw);
        let of = |audience| ElderHome::of(&catalogue, ElderView { audience, ..view(&region) });
        assert!(of(Some(Audience::Person)).groups.is_empty());
        assert_eq!(of(Some(Audience::LegalPerson)).groups.len(), 1);
    }
}
