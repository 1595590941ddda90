//! What can be done here: categories, apps, regions, and whether an app is open for somebody.
//! Apps are data. Their files are read elsewhere into raw parts; the types here are checked, so a
//! [`Catalogue`] that exists is sound and never changes: a new version replaces it whole.

mod app;
mod availability;
mod booking;
mod case;
mod certificate;
mod check;
mod diff;
mod elder;
mod fault;
mod field;
mod follow;
mod marks;
mod payment;
mod publish;
mod published;
mod raw;
mod region;
#[cfg(test)]
pub(crate) mod samples;
mod schedule;
mod search;
mod versions;
mod words;

pub use app::{
    Action, AppDefinition, Call, Category, LeadsTo, Operation, OperationInvalid, Provenance,
    RowField, Sent,
};
pub use availability::{Availability, UnknownRegion};
pub use booking::{BookingTerms, NoShowRule, OptionsFrom};
pub use case::{CaseStep, CaseTerms, Material, MaterialBy, When};
pub use certificate::{CertificateTerms, PostTerms, SpanLimit, Validity};
pub use diff::{ChangeKind, FileChange, changes};
pub use elder::{ELDER_TILES, ElderGroup, ElderHome, ElderTile, ElderView};
pub use fault::{Fault, Place, Problem};
pub use field::{Field, FieldCheck, FieldOption, OwnData};
pub use follow::{FollowError, Followed, FollowedCatalogue, PastForms, PublishedForms};
pub use marks::{
    AppMarks, Favourite, FavouriteAdded, FavouriteError, MOST_FAVOURITES, MOST_RECENT, OwnApps,
};
pub(crate) use payment::price_of_option;
pub use payment::{PayTerms, Price, PriceOf};
pub use publish::{Begun, DraftView, PublishApps, PublishError};
pub use published::{Catalogue, CatalogueParts, CatalogueSource, FixedCatalogue, HOT_MAX};
pub use raw::{
    RawApp, RawCall, RawCase, RawCategory, RawField, RawMaterial, RawOption, RawRow, RawSent,
    RawStep, RawWording,
};
pub use raw::{RawBooking, RawNoShowRule, RawOptionsFrom};
pub use raw::{RawCertificate, RawPost, RawSpan};
pub use raw::{RawHours, RawMaintenance};
pub use raw::{RawLottery, RawPublicValue};
pub use raw::{RawPayment, RawPrice};
pub use region::{Region, RegionFault, RegionLevel, RegionTable};
pub use schedule::{Days, DaysInvalid, MaintenanceWindow, Opening, Schedule};
pub use search::{
    AppHit, FindApps, FindAppsError, FoundApps, Miss, Misses, ReadWord, Reading, SearchIndex,
    SearchMisses, TEXT_MAX, TextTooLong,
};
pub use versions::{
    AppDraft, AppFile, BY_FILES, CatalogueVersion, CatalogueVersions, DefinitionReader, FileFault,
    KnownForm, NewVersion, VersionHead,
};
pub use words::{AppKind, AppSlug, CategorySlug, FieldType, ShownAs, SlugInvalid, Wording};
