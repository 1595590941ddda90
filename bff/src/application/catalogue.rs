//! The catalogue: its versions in the database, and the one that this node serves.

use super::StartupError;
use crate::settings::Settings;
use adapters::definitions::{DefinitionFaults, TomlDefinitions, embedded_files, read_folder};
use adapters::store::Store;
use domain::catalogue::{
    AppFile, FileFault, FollowedCatalogue, PastForms, PublishApps, PublishError, PublishedForms,
};
use domain::clock::Clock;
use std::path::Path;
use std::sync::Arc;

/// What serves and changes the catalogue.
pub(super) struct Apps {
    pub catalogue: Arc<FollowedCatalogue>,
    pub publish: Arc<PublishApps>,
    pub past_forms: Arc<dyn PastForms>,
}

/// Begins with the newest version; files that were never one become it.
pub(super) async fn connect(
    settings: &Settings,
    store: &Arc<Store>,
    clock: &Arc<dyn Clock>,
) -> Result<Apps, StartupError> {
    let publish = Arc::new(publisher(store, clock));
    let files = files_of(settings.apps_dir.as_deref());
    let files = files.map_err(|faults| StartupError::Definitions(faults.into()))?;
    let begun = publish.begin(files).await.map_err(|error| match error {
        PublishError::Faults(faults) => StartupError::Definitions(one_per_line(&faults).into()),
        error @ (PublishError::Conflict { .. }
        | PublishError::NothingChanged
        | PublishError::UnknownVersion(_)
        | PublishError::Store(_)) => {
            StartupError::Part { part: "the catalogue", source: error.into() }
        }
    })?;
    if begun.passed_over {
        let served = begun.catalogue.version();
        tracing::warn!(served, "editors published since; `bff apps publish` publishes the files");
    }
    let (versions, reader) = (store.clone(), Arc::new(TomlDefinitions));
    let past_forms =
        Arc::new(PublishedForms { versions: versions.clone(), reader: reader.clone() });
    let catalogue = Arc::new(FollowedCatalogue::new(begun.catalogue, versions, reader));
    Ok(Apps { catalogue, publish, past_forms })
}

/// Publishes into this store, for the server and for the commands.
pub fn publisher(store: &Arc<Store>, clock: &Arc<dyn Clock>) -> PublishApps {
    let reader = Arc::new(TomlDefinitions);
    PublishApps { versions: store.clone(), reader, clock: clock.clone() }
}

/// The files of this folder; `None`: those that the program carries.
///
/// # Errors
/// What cannot be read at all.
pub fn files_of(folder: Option<&Path>) -> Result<Vec<AppFile>, DefinitionFaults> {
    folder.map_or_else(|| Ok(embedded_files()), read_folder)
}

/// Faults as maintainers read them.
pub fn one_per_line(faults: &[FileFault]) -> String {
    let text = |fault: &FileFault| format!("{}:{}: {}", fault.file, fault.line, fault.what);
    faults.iter().map(text).collect::<Vec<_>>().join("\n")
}
