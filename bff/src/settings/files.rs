//! Limits of what citizens upload.

use super::reader::Reader;
use domain::files::{FileRule, Quota};

/// So many files a day come from one person, whatever their size.
const FILES_A_DAY: u32 = 100;
const MEGABYTE: u64 = 1024 * 1024;
/// A form with many papers, and some that were taken anew.
const QUOTA_MB: u64 = 100;

/// Limits of what citizens upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSettings {
    /// The largest file, in bytes.
    pub most_bytes: u64,
    /// What one person may upload in a day.
    pub quota: Quota,
}

impl FileSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let largest = FileRule::MOST_BYTES / MEGABYTE;
        let most = reader.parsed::<u64>("file_max_mb", "a whole number").unwrap_or(largest);
        if !(1..=largest).contains(&most) {
            reader.fault("file_max_mb", format!("must be 1 to {largest}"));
        }
        let quota = reader.parsed::<u64>("file_quota_mb", "a whole number").unwrap_or(QUOTA_MB);
        if !(most..=10_000).contains(&quota) {
            reader.fault("file_quota_mb", "must be 10000 at most, and fit one file".to_owned());
        }
        let quota = Quota { files: FILES_A_DAY, bytes: quota.saturating_mul(MEGABYTE) };
        Self { most_bytes: most.saturating_mul(MEGABYTE), quota }
    }
}
