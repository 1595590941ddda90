//! Others in the place of what is not measured: a benchmark of this server must not be one of the
//! gateway or of a rail. The program itself never has any.

use domain::notice::NoticeBook;
use domain::payment::Rails;
use std::sync::Arc;

/// What stands in the place of the outside world; `None`: the platforms of the settings.
#[derive(Default)]
pub struct StandIns {
    /// The notices that citizens see and pay.
    pub notices: Option<Arc<dyn NoticeBook>>,
    /// The rails by which payments are started, looked up and closed.
    pub rails: Option<Rails>,
}

impl StandIns {
    pub(super) fn notices_or(&self, gateway: Arc<dyn NoticeBook>) -> Arc<dyn NoticeBook> {
        self.notices.clone().unwrap_or(gateway)
    }

    pub(super) fn rails_or(&self, rails: Rails) -> Rails {
        self.rails.clone().unwrap_or(rails)
    }
}
