//! The pages for client developers.

use crate::http::limits::limits;
use crate::portal::Portal;
use crate::settings::{ChannelSettings, Mode, Settings};
use adapters::demo_citizen::DemoCitizens;
use adapters::http::HttpClient;

/// With citizens to try it by, where a demo has mock channels beside.
pub fn portal(
    settings: &Settings,
    channels: &ChannelSettings,
    http: &HttpClient,
    public_url: &str,
) -> Portal {
    let beside = settings.mode == Mode::Demo && settings.mock_addr.is_some();
    Portal {
        mode: settings.portal,
        public_url: public_url.to_owned(),
        // All platforms are played at one address.
        citizens: beside.then(|| DemoCitizens::new(http.clone(), &channels.we_chat.base_url)),
        limits: limits(settings),
    }
}
