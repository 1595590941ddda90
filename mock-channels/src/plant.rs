//! Days for the benchmark of reconciliation: folders in which discrepancies are planted, and the
//! truth of them. What the files are is in docs/recon-benchmark.md.
//!
//! A day on which everybody agrees is made first; then one side is changed, and what was changed
//! is written down. So the truth follows from the planting and knows nothing of how lines are
//! matched.

use std::io;
use std::path::{Path, PathBuf};

mod agencies;
mod book;
mod command;
mod csv;
mod files;
mod lines;
mod mixed;
mod money;
mod refunds;
mod rng;
mod scene;
mod setting;
mod statements;
#[cfg(test)]
mod tests;
mod write;

pub use command::{Command, Usage};

use book::Role;
use write::Folder;

/// What to plant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planting {
    /// The same seed makes the same folder, to the byte.
    pub seed: u64,
    /// Payments in the ledger, at least; what is planted may need more.
    pub payments: usize,
    /// Nothing is planted: a day on which everybody agrees, with everything that looks odd.
    pub clean: bool,
}

/// What was planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planted {
    /// Files in the folder.
    pub files: usize,
    /// Lines of the truth.
    pub discrepancies: usize,
    /// Orders of which nothing is to be found.
    pub look_alikes: usize,
}

/// Why there is no folder.
#[derive(Debug, thiserror::Error)]
pub enum PlantError {
    /// A file could not be written, or the folder not be made.
    #[error("{path} cannot be written")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A zip could not be made.
    #[error("a statement cannot be packed")]
    Pack(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Planting {
    /// How many payments there are without a wish.
    pub const PAYMENTS: usize = 400;

    /// Makes the folder; one that is there keeps its other files.
    ///
    /// # Errors
    /// When something cannot be written.
    pub fn write(&self, out: &Path) -> Result<Planted, PlantError> {
        let (folder, planted) = self.folder()?;
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| PlantError::Write { path, source }
        };
        std::fs::create_dir_all(out).map_err(failed(out))?;
        for (name, bytes) in &folder {
            let path = out.join(name);
            std::fs::write(&path, bytes).map_err(failed(&path))?;
        }
        Ok(planted)
    }

    fn folder(&self) -> Result<(Folder, Planted), PlantError> {
        let faulty = !self.clean;
        let mut scene = setting::scene(self.seed, faulty);
        scene.open_payouts();
        if faulty {
            // One round in five hundred payments, so that a large day has many of each.
            for round in 0..=self.payments / 500 {
                scene.discrepancies(round);
            }
        }
        scene.look_alikes();
        scene.fill(self.payments);
        if faulty {
            self.torn(&mut scene);
        }
        scene.pay_out(faulty);
        if faulty {
            scene.f04_credit();
        }
        let folder =
            write::folder(&mut scene, faulty).map_err(|error| PlantError::Pack(Box::new(error)))?;
        let planted = Planted {
            files: folder.len(),
            discrepancies: scene.truth.len(),
            look_alikes: scene.clean.len(),
        };
        Ok((folder, planted))
    }

    /// Of the merchant whose totals are not those of the lines: a payment or a refund that the
    /// totals alone know. Every third bill of WeChat Pay has a wrong count alone.
    fn torn(&self, scene: &mut scene::Scene) {
        let merchant = scene.merchants.iter().position(|one| one.role == Role::Totals);
        let Some(merchant) = merchant else { return };
        let counts_alone = scene.rail(merchant) == book::Rail::WechatPay && self.seed % 6 == 2;
        if !counts_alone {
            scene.tear_out(merchant, self.seed.is_multiple_of(4));
        }
    }
}
