//! The catalogue: categories, apps, forms, regions.

mod plain;

use super::error::FailureCode;
use super::identity::{Channel, IdentityLevel};
use super::node_id::Kind;
use super::plain::PlainList;
use super::scalars::{DateTime, Money, RegionCode};
use super::{UseCases, requester};
use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use domain::catalogue::{
    Action, AppDefinition, AppSlug, Availability as DomainAvailability, Catalogue, CategorySlug,
};
use domain::clock::beijing_day;
use domain::standards::RegionCode as Code;
use std::sync::Arc;

/// Whom an app serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::identity::Audience")]
pub enum Audience {
    /// Natural persons.
    Person,
    /// Legal persons.
    LegalPerson,
}

/// What an app does for the citizen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::catalogue::AppKind")]
pub enum AppKind {
    /// Looks something up.
    Query,
    /// Books a time.
    Book,
    /// Opens a case.
    Apply,
    /// Pays.
    Pay,
    /// Issues a certificate.
    Certificate,
}

/// Whether an app can be used here and now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum AppStatus {
    /// It can.
    Open,
    /// Nothing runs behind it at present.
    Maintenance,
    /// Outside its hours; the reason says them.
    ClosedToday,
    /// It serves other regions.
    NotInRegion,
    /// It is reached by other channels.
    NotInChannel,
}

/// What an answer to a field looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::catalogue::FieldType")]
pub enum FieldType {
    /// A citizen's number; answered with text.
    IdCard,
    /// A plate; answered with text.
    PlateNo,
    /// A unified social credit code; answered with text.
    Uscc,
    /// A mobile number; answered with text.
    Phone,
    /// A day; answered with date.
    Date,
    /// A month, `2026-03`; answered with text.
    Month,
    /// One of the options; answered with choice.
    Enum,
    /// Free text.
    Text,
    /// A whole number; answered with number.
    Int,
    /// Money; answered with fen.
    Amount,
    /// A region code; answered with text.
    Region,
    /// A postal address; answered with text.
    Address,
    /// Yes or no; answered with flag.
    Bool,
    /// An uploaded file; answered with fileId.
    File,
    /// Number of a notice; answered with text.
    NoticeNo,
    /// Code of a receipt; answered with text.
    ReceiptCode,
    /// Number of a receipt; answered with text.
    ReceiptNo,
    /// Check code of a receipt; answered with text.
    CheckCode,
}

/// Whether an app is open, and why not.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(cache_control(max_age = 60))]
pub struct Availability {
    /// Whether.
    status: AppStatus,
    /// Why not, for the citizen; null when open.
    reason: Option<String>,
    /// When this changes, where that is known.
    until: Option<DateTime>,
}

impl From<&DomainAvailability> for Availability {
    fn from(availability: &DomainAvailability) -> Self {
        let status = match availability {
            DomainAvailability::Open { .. } => AppStatus::Open,
            DomainAvailability::Maintenance { .. } => AppStatus::Maintenance,
            DomainAvailability::ClosedToday { .. } => AppStatus::ClosedToday,
            DomainAvailability::NotInRegion { .. } => AppStatus::NotInRegion,
            DomainAvailability::NotInChannel { .. } => AppStatus::NotInChannel,
        };
        let until = availability.until().map(DateTime::from);
        Self { status, reason: availability.reason().map(str::to_owned), until }
    }
}

/// One of the 16 parts of life by which apps are shown.
#[derive(Clone)]
pub struct Category {
    catalogue: Arc<Catalogue>,
    slug: CategorySlug,
    region: Option<Code>,
    audience: Option<domain::identity::Audience>,
}

/// One of the 16 parts of life by which apps are shown.
#[Object(cache_control(max_age = 60))]
impl Category {
    /// Opaque.
    pub async fn id(&self) -> ID {
        Kind::Category.id(self.slug.as_str())
    }

    /// For addresses and statistics.
    async fn slug(&self) -> &str {
        self.slug.as_str()
    }

    /// In Chinese.
    async fn name(&self) -> &str {
        self.catalogue.category(&self.slug).map_or("", |category| &category.name.zh)
    }

    /// Every app, open or not, in display order; at most 100.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn apps(&self) -> PlainList<App> {
        PlainList(self.all_apps())
    }
}

impl Category {
    fn all_apps(&self) -> Vec<App> {
        let wanted = |app: &&AppDefinition| {
            self.audience.is_none_or(|audience| app.audience.contains(&audience))
        };
        let app = |app: &AppDefinition| App {
            catalogue: Arc::clone(&self.catalogue),
            slug: app.slug.clone(),
            region: self.region.clone(),
        };
        self.catalogue.apps_of(&self.slug).filter(wanted).map(app).collect()
    }
}

/// A convenience app (便民应用).
#[derive(Clone)]
pub struct App {
    catalogue: Arc<Catalogue>,
    slug: AppSlug,
    region: Option<Code>,
}

impl App {
    /// An app of that catalogue, with the region that was asked about.
    pub(super) fn of(catalogue: Arc<Catalogue>, slug: AppSlug, region: Option<Code>) -> Self {
        Self { catalogue, slug, region }
    }

    fn available(
        &self,
        ctx: &Context<'_>,
        app: &AppDefinition,
        region: Option<RegionCode>,
    ) -> Result<Availability> {
        let named = region.map(|text| known_region(ctx, &self.catalogue, &text)).transpose()?;
        let root = self.catalogue.regions().root();
        let region = named.as_ref().or(self.region.as_ref()).unwrap_or(root);
        let who = requester(ctx);
        match self.catalogue.availability(app, region, who.channel, who.now) {
            Ok(availability) => Ok((&availability).into()),
            Err(_) => Err(FailureCode::BadInput.error()),
        }
    }

    fn definition(&self) -> Result<&AppDefinition> {
        // Made from a slug of the same immutable catalogue, so it is always there.
        self.catalogue.app(&self.slug).ok_or_else(|| FailureCode::Internal.error())
    }
}

/// A convenience app (便民应用).
#[Object(cache_control(max_age = 60))]
impl App {
    /// Opaque.
    pub async fn id(&self) -> ID {
        Kind::App.id(self.slug.as_str())
    }

    /// The name by which it is submitted.
    async fn slug(&self) -> &str {
        self.slug.as_str()
    }

    /// In Chinese.
    async fn name(&self) -> Result<&str> {
        Ok(&self.definition()?.name.zh)
    }

    /// One sentence, in Chinese.
    async fn summary(&self) -> Result<&str> {
        Ok(&self.definition()?.summary)
    }

    /// What it does.
    async fn kind(&self) -> Result<AppKind> {
        Ok(self.definition()?.kind.into())
    }

    /// Where it is shown.
    async fn category(&self) -> Result<Category> {
        let (catalogue, region) = (Arc::clone(&self.catalogue), self.region.clone());
        let slug = self.definition()?.category.clone();
        Ok(Category { catalogue, slug, region, audience: None })
    }

    /// Who answers for it.
    async fn department(&self) -> Result<&str> {
        Ok(&self.definition()?.department)
    }

    /// Whom it serves.
    async fn audience(&self) -> Result<Vec<Audience>> {
        Ok(self.definition()?.audience.iter().map(|audience| (*audience).into()).collect())
    }

    /// By which channels it is reached.
    async fn channels(&self) -> Result<Vec<Channel>> {
        Ok(self.definition()?.channels.iter().map(|channel| (*channel).into()).collect())
    }

    /// What the citizen must have proved.
    async fn identity_level(&self) -> Result<IdentityLevel> {
        Ok(self.definition()?.identity_level.into())
    }

    /// How far it goes without a way to an office, 1 to 5 stars; null where nobody has judged it.
    async fn stars(&self) -> Result<Option<i32>> {
        Ok(self.definition()?.stars.map(i32::from))
    }

    /// Whether it can be used here, by the caller's channel, now.
    async fn availability(
        &self,
        ctx: &Context<'_>,
        region: Option<RegionCode>,
    ) -> Result<Availability> {
        self.available(ctx, self.definition()?, region)
    }

    /// The address that opens it, for a QR code: `resolveScan` understands it.
    async fn link(&self, ctx: &Context<'_>) -> String {
        ctx.data_unchecked::<UseCases>().own_address.of_app(&self.slug)
    }

    /// What to fill in.
    async fn form(&self) -> Result<Form> {
        Ok(Form::from(self.definition()?))
    }
}

/// What to fill in.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(cache_control(max_age = 60))]
pub struct Form {
    /// Send it along with the answers.
    version: i32,
    /// In display order; at most 50.
    fields: Vec<Field>,
    /// What the service costs; null where it is free or depends on the answers.
    fee: Option<Money>,
}

impl From<&AppDefinition> for Form {
    fn from(app: &AppDefinition) -> Self {
        let fields = app.fields.iter().map(Field::from).collect();
        let fee = match &app.action {
            Some(Action::Pay(terms)) => terms.fee().map(|fee| fee.fen().into()),
            Some(_) | None => None,
        };
        Self { version: i32::try_from(app.form_version).unwrap_or(i32::MAX), fields, fee }
    }
}

/// One field of a form.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(cache_control(max_age = 60))]
pub struct Field {
    /// The name by which it is answered.
    name: String,
    /// What stands beside it.
    label: String,
    /// What an answer looks like.
    #[graphql(name = "type")]
    field_type: FieldType,
    /// Whether it must be answered.
    required: bool,
    /// More words.
    help: Option<String>,
    /// Fields that must be answered first.
    depends_on: Vec<String>,
    /// The choices of an ENUM; null for every other type, and where a department has them.
    options: Option<Vec<FieldOption>>,
    /// The choices are a department's, as it has them now: ask fieldOptions.
    asks_options: bool,
    /// What a FILE takes; null for every other type.
    file: Option<super::file::FileRule>,
}

/// One choice.
#[derive(Debug, Clone, SimpleObject)]
#[graphql(cache_control(max_age = 60))]
pub struct FieldOption {
    /// What is sent.
    pub(super) value: String,
    /// What the citizen reads.
    pub(super) label: String,
    /// How many are left, where that is counted.
    pub(super) remaining: Option<i32>,
    /// What it costs, where that is known.
    pub(super) price: Option<Money>,
}

impl From<&domain::catalogue::Field> for Field {
    fn from(field: &domain::catalogue::Field) -> Self {
        let option = |option: &domain::catalogue::FieldOption| FieldOption {
            value: option.value.clone(),
            label: option.label.clone(),
            remaining: None,
            price: option.price.map(|price| price.fen().into()),
        };
        let options: Vec<_> = field.options.iter().map(option).collect();
        Self {
            name: field.name.clone(),
            label: field.label.zh.clone(),
            field_type: field.field_type.into(),
            required: field.required,
            help: field.help.clone(),
            depends_on: field.depends_on.clone(),
            options: (!options.is_empty()).then_some(options),
            asks_options: field.options_from.is_some(),
            file: field.file.as_ref().map(super::file::FileRule::from),
        }
    }
}

/// A region of today (GB/T 2260).
#[derive(Clone)]
pub struct Region(domain::catalogue::Region);

/// A region of today (GB/T 2260).
#[Object(cache_control(max_age = 60))]
impl Region {
    /// Opaque.
    pub async fn id(&self) -> ID {
        Kind::Region.id(self.0.code.as_str())
    }

    /// Six digits.
    async fn code(&self) -> RegionCode {
        RegionCode(self.0.code.as_str().to_owned())
    }

    /// In Chinese.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The region above; null for the province.
    async fn parent(&self, ctx: &Context<'_>) -> Option<Region> {
        region(ctx, self.0.parent.as_str())
    }
}

/// The catalogue of now.
pub(super) fn current(ctx: &Context<'_>) -> Arc<Catalogue> {
    ctx.data_unchecked::<UseCases>().catalogue.current()
}

/// A region of today, or BAD_INPUT.
pub(super) fn known_region(
    ctx: &Context<'_>,
    catalogue: &Catalogue,
    text: &RegionCode,
) -> Result<Code> {
    let today = beijing_day(requester(ctx).now);
    match Code::new(&text.0) {
        Ok(code) if catalogue.regions().find(&code, today).is_some() => Ok(code),
        Ok(_) | Err(_) => Err(FailureCode::BadInput.error()),
    }
}

/// The query `categories`.
pub fn categories(
    ctx: &Context<'_>,
    region: Option<RegionCode>,
    audience: Option<Audience>,
) -> Result<PlainList<Category>> {
    let catalogue = current(ctx);
    let region = region.map(|text| known_region(ctx, &catalogue, &text)).transpose()?;
    Ok(all_categories(&catalogue, region.as_ref(), audience))
}

/// The categories of this catalogue, for this region and audience.
pub(super) fn all_categories(
    catalogue: &Arc<Catalogue>,
    region: Option<&Code>,
    audience: Option<Audience>,
) -> PlainList<Category> {
    let category = |category: &domain::catalogue::Category| Category {
        audience: audience.map(Into::into),
        ..category_of(catalogue, &category.slug, region)
    };
    PlainList(catalogue.categories().iter().map(category).collect())
}

/// The category of a slug that this catalogue has.
pub(super) fn category_of(
    catalogue: &Arc<Catalogue>,
    slug: &CategorySlug,
    region: Option<&Code>,
) -> Category {
    let (catalogue, slug) = (Arc::clone(catalogue), slug.clone());
    Category { catalogue, slug, region: region.cloned(), audience: None }
}

/// The category of this slug.
pub fn category(ctx: &Context<'_>, slug: &str) -> Option<Category> {
    let catalogue = current(ctx);
    let slug = CategorySlug::new(slug).ok()?;
    catalogue.category(&slug)?;
    Some(Category { catalogue, slug, region: None, audience: None })
}

/// The query `app`.
pub fn app(ctx: &Context<'_>, slug: &str) -> Option<App> {
    let catalogue = current(ctx);
    let slug = AppSlug::new(slug).ok()?;
    catalogue.app(&slug)?;
    Some(App { catalogue, slug, region: None })
}

/// The region of this code, if it exists today.
pub fn region(ctx: &Context<'_>, code: &str) -> Option<Region> {
    let catalogue = current(ctx);
    let today = beijing_day(requester(ctx).now);
    let region = catalogue.regions().find(&Code::new(code).ok()?, today)?.clone();
    Some(Region(region))
}

/// The query `regions`.
pub fn regions(ctx: &Context<'_>, parent: Option<RegionCode>) -> Result<Vec<Region>> {
    let catalogue = current(ctx);
    let parent = match parent {
        Some(text) => known_region(ctx, &catalogue, &text)?,
        None => catalogue.regions().root().clone(),
    };
    let today = beijing_day(requester(ctx).now);
    let below = catalogue.regions().children(&parent, today);
    Ok(below.into_iter().take(100).cloned().map(Region).collect())
}
