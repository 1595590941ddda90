//! The real binary, killed around the moments at which money moves.

use crate::app::{Folder, START_MS};
use crate::citizen::Citizen;
use crate::levers::Levers;
use crate::node::{Process, free_port};
use mock_channels::{MockChannels, MockSettings};
use serde_json::json;
use std::time::Duration;

/// The outside world, a folder and a port that outlive every kill.
pub struct World {
    mocks: MockChannels,
    /// The levers of the outside world.
    pub levers: Levers,
    folder: Folder,
    port: u16,
}

impl World {
    /// Starts the mocks and a first process.
    pub async fn start() -> (Self, Process) {
        let mocks = MockChannels::start(MockSettings {
            addr: "127.0.0.1:0".to_owned(),
            state_file: None,
            start_at_ms: Some(START_MS),
        });
        let mocks = mocks.await.unwrap();
        let levers = Levers::of(&mocks.base_url());
        let world = Self { mocks, levers, folder: Folder::fresh(), port: free_port() };
        let process = world.process().await;
        (world, process)
    }

    /// Starts the binary again over the same folder.
    pub async fn process(&self) -> Process {
        Process::start(&self.folder, self.port, &self.mocks).await
    }
}

/// Pays, kills the server so many milliseconds later, starts it again, and in the end looks at
/// every payment: paid, written off and receipted exactly once.
pub async fn killed_around_the_callback(delays_ms: &[i64]) {
    let (world, mut process) = World::start().await;
    let citizen = Citizen::arrives(&process.base_url, &world.levers).await;
    let id = citizen.facts["citizenId"].as_str().unwrap().to_owned();
    let mut paid: Vec<(String, String)> = Vec::new();
    // A sweep over the moments around storing, applying and committing a callback.
    for delay_ms in delays_ms {
        let fine = world.levers.notice(&id, json!({ "amountFen": 5_000 + delay_ms })).await;
        let payment_no = citizen.starts_paying(&fine, 5_000 + delay_ms).await;
        world.levers.pays(&payment_no).await;
        tokio::time::sleep(Duration::from_millis(u64::try_from(*delay_ms).unwrap())).await;
        process.kill();
        process = world.process().await;
        world.levers.advance(20).await;
        paid.push((payment_no, fine));
    }
    for (payment_no, fine) in &paid {
        let payment = citizen.waits_for_receipt(payment_no).await;
        let times = |status: &str| {
            let history = payment["history"].as_array().unwrap();
            history.iter().filter(|event| event["status"] == status).count()
        };
        assert_eq!(times("PAID"), 1, "{payment}");
        assert_eq!(payment["receipts"].as_array().unwrap().len(), 1, "{payment}");
        let gateway = world.levers.gateway_notice(fine).await;
        assert_eq!(gateway["state"], "PAID");
        assert_eq!(gateway["receipts"].as_array().unwrap().len(), 1, "{gateway}");
    }
    process.kill();
}
