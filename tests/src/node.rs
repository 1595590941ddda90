//! The real binary as a process of its own, to be killed.

use crate::app::Folder;
use crate::levers::eventually;
use mock_channels::{MockChannels, Onboarding};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// A running `bff`; dropped, it is killed.
pub struct Process {
    child: Option<Child>,
    /// `http://127.0.0.1:…`.
    pub base_url: String,
}

/// The binary beside this test's own.
pub fn binary(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let folder = own.parent().and_then(Path::parent).unwrap();
    let path = folder.join(name);
    assert!(path.is_file(), "{} is not built", path.display());
    path
}

/// A port that is free now and stays free while nobody listens there: below those that the
/// system gives to outgoing connections, and each given out once.
pub fn free_port() -> u16 {
    const FIRST: u16 = 12_000;
    const COUNT: u16 = 20_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Test programs that run beside this one begin elsewhere.
    let start = u16::try_from(std::process::id().wrapping_mul(97) % u32::from(COUNT)).unwrap();
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let next = || {
        let count = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
        Some(FIRST + (start + count) % COUNT)
    };
    std::iter::from_fn(next).take(usize::from(COUNT)).find(free).expect("a free port")
}

fn secret(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    let mut options = std::fs::OpenOptions::new();
    let opened = options.write(true).create(true).truncate(true).mode(0o600).open(&path);
    opened.unwrap().write_all(text.as_bytes()).unwrap();
    path.display().to_string()
}

/// A settings file that names the platforms, as an operator would write it.
pub fn settings_file(folder: &Path, onboarding: &Onboarding) -> PathBuf {
    let o = onboarding;
    let text = format!(
        "follow_clock = \"{clock}/control/clock\"\n\
         [we_chat]\nbase_url = \"{we_chat}\"\napp_id = \"{app_id}\"\n\
         app_secret_file = \"{app_secret}\"\n\
         [we_chat_pay]\nbase_url = \"{pay}\"\nmerchant_no = \"{merchant}\"\n\
         merchant_serial = \"{serial}\"\nmerchant_private_key_file = \"{merchant_key}\"\n\
         api_v3_key_file = \"{v3}\"\n\
         platform_keys = [{{ id = \"{platform_id}\", file = \"{platform}\" }}]\n\
         [exchange]\nbase_url = \"{exchange}\"\nclient_id = \"{client}\"\nkey_file = \"{mac}\"\n\
         [gateway]\nbase_url = \"{gateway}\"\nkey_id = \"{key_id}\"\n\
         private_key_file = \"{private}\"\n\
         keys = [{{ id = \"{gateway_id}\", file = \"{gateway_key}\" }}]\n",
        clock = o.base_url,
        we_chat = o.wechat.base_url,
        app_id = o.wechat.app_id,
        app_secret = secret(folder, "app_secret", &o.wechat.app_secret),
        pay = o.wechat_pay.base_url,
        merchant = o.wechat_pay.mch_id,
        serial = o.wechat_pay.merchant_serial,
        merchant_key = secret(folder, "merchant.pem", &o.wechat_pay.merchant_private_key_pem),
        v3 = secret(folder, "api_v3", &o.wechat_pay.api_v3_key),
        platform_id = o.wechat_pay.platform_key_id,
        platform = secret(folder, "platform.pem", &o.wechat_pay.platform_public_key_pem),
        exchange = o.exchange.base_url,
        client = o.exchange.client_id,
        mac = secret(folder, "exchange.key", &o.exchange.key_base64),
        gateway = o.gateway.base_url,
        key_id = o.gateway.our_key_id,
        private = secret(folder, "gateway.pem", &o.gateway.our_private_key_pem),
        gateway_id = o.gateway.gateway_key_id,
        gateway_key = secret(folder, "gateway.pub.pem", &o.gateway.gateway_public_key_pem),
    );
    PathBuf::from(secret(folder, "settings.toml", &text))
}

impl Process {
    /// Starts the binary over this folder and these mocks, and waits until it is ready.
    pub async fn start(folder: &Folder, port: u16, mocks: &MockChannels) -> Self {
        let database = format!("sqlite://{}", folder.0.join("yiwang.db").display());
        Self::over(&database, folder, port, mocks, None).await
    }

    /// The same over any database; `crash_at` names the crash point at which it is to die.
    pub async fn over(
        database: &str,
        folder: &Folder,
        port: u16,
        mocks: &MockChannels,
        crash_at: Option<&str>,
    ) -> Self {
        Self::with(database, folder, port, &mocks.onboarding(), crash_at).await
    }

    /// The same with platforms that the caller may have moved elsewhere.
    pub async fn with(
        database: &str,
        folder: &Folder,
        port: u16,
        onboarding: &Onboarding,
        crash_at: Option<&str>,
    ) -> Self {
        let mut command = Self::configured(database, folder, onboarding, crash_at);
        let child = command.env("YIWANG_HTTP_ADDR", format!("127.0.0.1:{port}")).spawn().unwrap();
        let base_url = format!("http://127.0.0.1:{port}");
        let mut process = Self { child: Some(child), base_url: base_url.clone() };
        // Its point may lie before anybody is answered.
        while crash_at.is_none() || process.ended().is_none() {
            let ready =
                tokio::time::timeout(Duration::from_millis(200), wait_until_ready(&base_url));
            if ready.await.is_ok() {
                break;
            }
        }
        process
    }

    /// The binary with these settings; without a word more it serves.
    pub fn command(
        database: &str,
        folder: &Folder,
        mocks: &MockChannels,
        crash_at: Option<&str>,
    ) -> Command {
        Self::configured(database, folder, &mocks.onboarding(), crash_at)
    }

    fn configured(
        database: &str,
        folder: &Folder,
        onboarding: &Onboarding,
        crash_at: Option<&str>,
    ) -> Command {
        let settings = settings_file(&folder.0, onboarding);
        let mut command = Command::new(binary("bff"));
        command
            .env_clear()
            .envs(crash_at.map(|at| ("YIWANG_CRASH_AT", at)))
            .env("YIWANG_KEY_DIR", &folder.0)
            .env("YIWANG_SETTINGS", settings)
            .env("YIWANG_DATABASE_URL", database)
            .env("YIWANG_LOG", "warn")
            .env("YIWANG_RATE_LIMITS", "measure")
            .stdout(Stdio::null());
        command
    }

    /// Its number at the system.
    pub fn id(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    /// How it ended, if it has ended by itself.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().and_then(|child| child.try_wait().unwrap())
    }

    /// `kill -9`: nothing is flushed, nobody is told.
    pub fn kill(self) {
        drop(self);
    }

    /// Asks it to stop, as a service manager would; its exit status must be success.
    pub async fn terminate(mut self) {
        let mut child = self.child.take().unwrap();
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        let status = tokio::task::spawn_blocking(move || child.wait().unwrap());
        assert!(status.await.unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // One that has ended already cannot be killed, and need not be.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Waits for `/readyz`.
pub async fn wait_until_ready(base_url: &str) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{base_url}/readyz");
    eventually("ready", || async {
        let answer = client.get(&url).send().await.ok()?;
        answer.status().is_success().then_some(())
    })
    .await;
}
