//! The shape of the files. A missing text is read as an empty one, so that the domain's check
//! tells of it together with everything else; an unknown key is a fault here.

mod payment;

mod booking;

use self::booking::{BookingWire, OptionsFromWire};
use super::FORMAT;
use super::case_wire::CaseWire;
use super::fault::Collected;
use super::files::SourceFile;
use super::lines::line_at;
use super::wire_certificate::CertificateWire;
use super::wire_lottery::LotteryWire;
use domain::catalogue::{
    RawApp, RawCall, RawCategory, RawField, RawHours, RawMaintenance, RawOption, RawRow, RawSent,
    RawWording,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoriesWire {
    format: u32,
    #[serde(default)]
    category: Vec<CategoryWire>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryWire {
    #[serde(default)]
    slug: String,
    #[serde(default)]
    name: WordingWire,
    #[serde(default)]
    order: u8,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct WordingWire {
    #[serde(default)]
    zh: String,
    en: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppWire {
    format: u32,
    #[serde(default)]
    slug: String,
    #[serde(default)]
    name: WordingWire,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    identity_level: String,
    #[serde(default)]
    channels: Vec<String>,
    #[serde(default)]
    audience: Vec<String>,
    #[serde(default)]
    department: String,
    #[serde(default)]
    coverage: Vec<String>,
    #[serde(default)]
    hours: Vec<HoursWire>,
    #[serde(default)]
    maintenance: Vec<MaintenanceWire>,
    stars: Option<u8>,
    hot: Option<u8>,
    elder: Option<u8>,
    #[serde(default = "first_version")]
    form_version: u32,
    #[serde(default)]
    provenance: String,
    source: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    note: Option<String>,
    #[serde(default)]
    field: Vec<FieldWire>,
    look_up: Option<CallWire>,
    payment: Option<payment::PaymentWire>,
    booking: Option<BookingWire>,
    case: Option<CaseWire>,
    certificate: Option<CertificateWire>,
    lottery: Option<LotteryWire>,
    #[serde(default)]
    row: Vec<RowWire>,
    leads_to: Option<LeadsToWire>,
}

fn first_version() -> u32 {
    1
}

/// `{ days = "mon-fri", from = "08:30", to = "17:30" }`, by Beijing's clock.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HoursWire {
    #[serde(default)]
    days: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

/// `{ from = "2026-03-02 22:00", to = "2026-03-03 02:00", reason = "…" }`, by Beijing's clock.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MaintenanceWire {
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldWire {
    #[serde(default)]
    name: String,
    #[serde(default)]
    label: WordingWire,
    #[serde(default)]
    r#type: String,
    required: bool,
    help: Option<String>,
    #[serde(default)]
    options: Vec<OptionWire>,
    options_from: Option<OptionsFromWire>,
    #[serde(default)]
    depends_on: Vec<String>,
    own: Option<String>,
    party: Option<String>,
    letters_and_digits: Option<u8>,
    between: Option<[u32; 2]>,
    #[serde(default)]
    accepts: Vec<String>,
    most_kilobytes: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionWire {
    value: String,
    label: String,
    price_fen: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallWire {
    #[serde(default)]
    pub(super) operation: String,
    #[serde(default)]
    pub(super) sends: Vec<SentWire>,
    #[serde(default)]
    pub(super) subject: bool,
    pub(super) stale_minutes: Option<u16>,
}

/// `"plate_no"`, or `{ field = "plate_no", as = "hphm" }` where the department says it otherwise.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum SentWire {
    SameName(String),
    Renamed(RenamedWire),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RenamedWire {
    field: String,
    r#as: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowWire {
    #[serde(default)]
    from: String,
    #[serde(default)]
    label: WordingWire,
    shown_as: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeadsToWire {
    #[serde(default)]
    notice: String,
}

/// The categories as written; `None` after a fault.
pub(super) fn read_categories(
    file: &SourceFile,
    collected: &mut Collected,
) -> Option<Vec<RawCategory>> {
    let wire: CategoriesWire = parse(file, collected)?;
    check_format(file, wire.format, collected)?;
    let raw = |category: CategoryWire| RawCategory {
        slug: category.slug,
        name: category.name.into_raw(),
        order: category.order,
    };
    Some(wire.category.into_iter().map(raw).collect())
}

/// An app that the store keeps, as [`super::kept`] wrote it; `None` for any other text.
pub(super) fn read_kept(text: &str) -> Option<RawApp> {
    let wire: AppWire = serde_json::from_str(text).ok()?;
    (wire.format == FORMAT).then(|| wire.into_raw())
}

/// The app as written, without its category; `None` after a fault.
pub(super) fn read_app(file: &SourceFile, collected: &mut Collected) -> Option<RawApp> {
    let wire: AppWire = parse(file, collected)?;
    check_format(file, wire.format, collected)?;
    Some(wire.into_raw())
}

fn parse<T: DeserializeOwned>(file: &SourceFile, collected: &mut Collected) -> Option<T> {
    let faulty = |error: toml::de::Error| {
        let offset = error.span().map_or(0, |span| span.start);
        let what = error.message().replace('\n', " ");
        collected.add(&file.path, line_at(&file.text, offset), what);
    };
    toml::from_str(&file.text).map_err(faulty).ok()
}

fn check_format(file: &SourceFile, format: u32, collected: &mut Collected) -> Option<()> {
    if format == FORMAT {
        return Some(());
    }
    let what = format!("format: {format} is unknown; this program reads {FORMAT}");
    collected.add(&file.path, 1, what);
    None
}

impl WordingWire {
    pub(super) fn into_raw(self) -> RawWording {
        RawWording { zh: self.zh, en: self.en }
    }
}

impl AppWire {
    fn into_raw(self) -> RawApp {
        RawApp {
            slug: self.slug,
            name: self.name.into_raw(),
            summary: self.summary,
            category: String::new(),
            department: self.department,
            kind: self.kind,
            channels: self.channels,
            identity_level: self.identity_level,
            audience: self.audience,
            coverage: self.coverage,
            hours: self.hours.into_iter().map(HoursWire::into_raw).collect(),
            maintenance: self.maintenance.into_iter().map(MaintenanceWire::into_raw).collect(),
            stars: self.stars,
            hot: self.hot,
            elder: self.elder,
            form_version: self.form_version,
            fields: self.field.into_iter().map(FieldWire::into_raw).collect(),
            look_up: self.look_up.map(CallWire::into_raw),
            payment: self.payment.map(payment::PaymentWire::into_raw),
            booking: self.booking.map(BookingWire::into_raw),
            case: self.case.map(CaseWire::into_raw),
            certificate: self.certificate.map(CertificateWire::into_raw),
            lottery: self.lottery.map(LotteryWire::into_raw),
            rows: self.row.into_iter().map(RowWire::into_raw).collect(),
            leads_to_notice: self.leads_to.map(|leads_to| leads_to.notice),
            provenance: self.provenance,
            source: self.source,
            keywords: self.keywords,
            note: self.note,
        }
    }
}

impl HoursWire {
    fn into_raw(self) -> RawHours {
        RawHours { days: self.days, from: self.from, to: self.to }
    }
}

impl MaintenanceWire {
    fn into_raw(self) -> RawMaintenance {
        RawMaintenance { from: self.from, to: self.to, reason: self.reason }
    }
}

impl FieldWire {
    fn into_raw(self) -> RawField {
        let option = |option: OptionWire| RawOption {
            value: option.value,
            label: option.label,
            price_fen: option.price_fen,
        };
        RawField {
            name: self.name,
            label: self.label.into_raw(),
            field_type: self.r#type,
            required: self.required,
            help: self.help,
            options: self.options.into_iter().map(option).collect(),
            options_from: self.options_from.map(OptionsFromWire::into_raw),
            depends_on: self.depends_on,
            own: self.own,
            party: self.party,
            letters_and_digits: self.letters_and_digits,
            between: self.between,
            accepts: self.accepts,
            most_kilobytes: self.most_kilobytes,
        }
    }
}

impl CallWire {
    pub(super) fn into_raw(self) -> RawCall {
        RawCall {
            operation: self.operation,
            sends: self.sends.into_iter().map(SentWire::into_raw).collect(),
            subject: self.subject,
            stale_minutes: self.stale_minutes,
        }
    }
}

impl SentWire {
    pub(super) fn into_raw(self) -> RawSent {
        match self {
            Self::SameName(name) => RawSent { field: name.clone(), parameter: name },
            Self::Renamed(renamed) => RawSent { field: renamed.field, parameter: renamed.r#as },
        }
    }
}

impl RowWire {
    fn into_raw(self) -> RawRow {
        RawRow { from: self.from, label: self.label.into_raw(), shown_as: self.shown_as }
    }
}
