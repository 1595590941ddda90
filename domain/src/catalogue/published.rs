//! The whole catalogue, checked; immutable, and replaced whole.

use super::availability::{availability, serves};
use super::{
    AppDefinition, AppSlug, Availability, Category, CategorySlug, Fault, Place, Problem,
    RegionTable, UnknownRegion,
};
use crate::identity::Channel;
use crate::standards::RegionCode;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// So many apps that most people use stand on a first screen.
pub const HOT_MAX: usize = 10;

/// What a catalogue is made of.
#[derive(Debug, Clone)]
pub struct CatalogueParts {
    /// The files are version 1.
    pub version: u32,
    /// Categories.
    pub categories: Vec<Category>,
    /// Apps.
    pub apps: Vec<AppDefinition>,
    /// Regions.
    pub regions: RegionTable,
}

/// A sound catalogue: slugs are unique, every app has its category and serves known regions.
#[derive(Debug)]
pub struct Catalogue {
    version: u32,
    categories: Vec<Category>,
    apps: BTreeMap<AppSlug, AppDefinition>,
    regions: RegionTable,
}

impl Catalogue {
    /// # Errors
    /// Every [`Fault`] of the parts together.
    pub fn check(parts: CatalogueParts) -> Result<Self, Vec<Fault>> {
        let CatalogueParts { version, mut categories, apps, regions } = parts;
        let mut faults = category_faults(&categories);
        let known: BTreeSet<&CategorySlug> =
            categories.iter().map(|category| &category.slug).collect();
        faults.extend(place_faults(&apps));
        let mut by_slug = BTreeMap::new();
        for app in apps {
            faults.extend(app_faults(&app, &known, &regions));
            if let Some(twin) = by_slug.insert(app.slug.clone(), app) {
                let slug = twin.slug.to_string();
                let place = Place::AppOf { slug: slug.clone(), key: "slug" };
                faults.push(Fault { place, problem: Problem::Duplicate(slug) });
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        categories.sort_by_key(|category| category.order);
        Ok(Self { version, categories, apps: by_slug, regions })
    }

    /// Grows with every published change; the files are version 1.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// In the order of the screen.
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// The category of that slug.
    pub fn category(&self, slug: &CategorySlug) -> Option<&Category> {
        self.categories.iter().find(|category| category.slug == *slug)
    }

    /// Every app, by slug.
    pub fn apps(&self) -> impl Iterator<Item = &AppDefinition> {
        self.apps.values()
    }

    /// The apps of one category, by slug.
    pub fn apps_of<'a>(
        &'a self,
        category: &'a CategorySlug,
    ) -> impl Iterator<Item = &'a AppDefinition> {
        self.apps().filter(move |app| app.category == *category)
    }

    /// The app of that slug.
    pub fn app(&self, slug: &AppSlug) -> Option<&AppDefinition> {
        self.apps.get(slug)
    }

    /// The apps that most people use, in the order of their places; at most [`HOT_MAX`].
    pub fn hot(&self) -> Vec<&AppDefinition> {
        let mut hot: Vec<_> = self.apps().filter(|app| app.hot.is_some()).collect();
        hot.sort_by_key(|app| app.hot);
        hot.truncate(HOT_MAX);
        hot
    }

    /// The regions.
    pub fn regions(&self) -> &RegionTable {
        &self.regions
    }

    /// Whether an app is open in `region`, by `channel`, at that moment.
    ///
    /// # Errors
    /// [`UnknownRegion`] when the code means nothing on that day.
    pub fn availability(
        &self,
        app: &AppDefinition,
        region: &RegionCode,
        channel: Channel,
        now: Timestamp,
    ) -> Result<Availability, UnknownRegion> {
        availability(app, &self.regions, region, channel, now)
    }

    /// Whether an app serves the region on that day, by whatever channel.
    pub fn serves(&self, app: &AppDefinition, region: &RegionCode, on: Date) -> bool {
        serves(app, &self.regions, region, on)
    }
}

/// Where the catalogue of the moment comes from.
pub trait CatalogueSource: Send + Sync {
    /// The catalogue of now. Whoever holds one keeps it until done, so that one request never
    /// sees two.
    fn current(&self) -> Arc<Catalogue>;
}

/// A catalogue that stays the same.
pub struct FixedCatalogue(pub Arc<Catalogue>);

impl CatalogueSource for FixedCatalogue {
    fn current(&self) -> Arc<Catalogue> {
        Arc::clone(&self.0)
    }
}

fn category_faults(categories: &[Category]) -> Vec<Fault> {
    let (mut slugs, mut orders) = (BTreeSet::new(), BTreeSet::new());
    let mut faults = Vec::new();
    for (index, category) in categories.iter().enumerate() {
        let slug = category.slug.to_string();
        let place = |key| Place::Category { index, slug: slug.clone(), key };
        if !slugs.insert(&category.slug) {
            let problem = Problem::Duplicate(slug.clone());
            faults.push(Fault { place: place("slug"), problem });
        }
        if !orders.insert(category.order) {
            let problem = Problem::Duplicate(category.order.to_string());
            faults.push(Fault { place: place("order"), problem });
        }
    }
    faults
}

/// No two apps stand in one place of a first screen.
fn place_faults(apps: &[AppDefinition]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let (mut hot, mut elder) = (BTreeSet::new(), BTreeSet::new());
    for app in apps {
        for (key, place, taken) in [("hot", app.hot, &mut hot), ("elder", app.elder, &mut elder)] {
            if let Some(place) = place.filter(|place| !taken.insert(*place)) {
                let problem = Problem::Duplicate(place.to_string());
                let place = Place::AppOf { slug: app.slug.to_string(), key };
                faults.push(Fault { place, problem });
            }
        }
    }
    faults
}

fn app_faults(
    app: &AppDefinition,
    categories: &BTreeSet<&CategorySlug>,
    regions: &RegionTable,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut dangling = |key, kind, name: String| {
        let place = Place::AppOf { slug: app.slug.to_string(), key };
        faults.push(Fault { place, problem: Problem::Dangling { kind, name } });
    };
    if !categories.contains(&app.category) {
        dangling("category", "category", app.category.to_string());
    }
    for code in app.coverage.iter().filter(|code| !regions.ever(code)) {
        dangling("coverage", "region", code.to_string());
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::samples::{category, parts, sample};
    use super::*;

    #[test]
    fn categories_stand_in_the_order_of_the_screen() {
        let mut parts = parts(sample());
        parts.categories.insert(0, category("venues", 2));
        let catalogue = Catalogue::check(parts).unwrap();
        let slugs: Vec<_> = catalogue.categories().iter().map(|c| c.slug.as_str()).collect();
        assert_eq!(slugs, ["transport_travel", "venues"]);
        let first = catalogue.categories()[0].slug.clone();
        assert_eq!(catalogue.apps_of(&first).count(), 1);
        assert_eq!(catalogue.version(), 1);
    }

    #[test]
    fn two_apps_in_one_place_are_a_fault_and_hot_ones_stand_in_order() {
        let mut parts = parts(sample());
        let mut other = parts.apps[0].clone();
        other.slug = AppSlug::new("other").unwrap();
        (parts.apps[0].hot, other.hot) = (Some(2), Some(2));
        parts.apps.push(other);
        let faults = Catalogue::check(parts.clone()).unwrap_err();
        let got: Vec<String> = faults.iter().map(Fault::to_string).collect();
        assert_eq!(got, ["app.other.hot: `2` is there twice"]);
        parts.apps[1].hot = Some(1);
        let catalogue = Catalogue::check(parts).unwrap();
        let hot: Vec<_> = catalogue.hot().iter().map(|app| app.slug.as_str()).collect();
        assert_eq!(hot, ["other", "sample_fines"]);
    }

    #[test]
    fn faults_between_parts_are_all_told_at_once() {
        let mut parts = parts(sample());
        parts.categories = vec![category("venues", 1), category("venues", 1)];
        parts.apps.push(parts.apps[0].clone());
        parts.apps[0].coverage = vec![RegionCode::new("310000").unwrap()];
        let faults = Catalogue::check(parts).unwrap_err();
        let got: Vec<String> = faults.iter().map(Fault::to_string).collect();
        let slug = sample().slug;
        assert_eq!(
            got,
            [
                "category.venues.slug: `venues` is there twice".to_owned(),
                "category.venues.order: `1` is there twice".to_owned(),
                format!("app.{slug}.category: there is no category `transport_travel`"),
                format!("app.{slug}.coverage: there is no region `310000`"),
                format!("app.{slug}.category: there is no category `transport_travel`"),
                format!("app.{slug}.slug: `{slug}` is there twice"),
            ]
        );
    }
}
