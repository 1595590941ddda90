//! The one place where the outside world is locked, changed and kept.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::alipay::cert::CertError;
use crate::clock::{MockClock, real_now_ms};
use crate::crypto::{self, CryptoError};
use crate::onboarding::{
    AlipayOnboarding, ExchangeOnboarding, ExpressOnboarding, GatewayKey, GatewayOnboarding,
    Onboarding, UnionPayOnboarding, WeChatOnboarding, WeChatPayOnboarding,
};
use crate::unionpay::certificates::Papers;
use crate::unionpay::{self, FILES, GATEWAY};
use crate::world::gateway::Algorithm;
use crate::world::outbox::{self, Carrier};
use crate::world::secrets::{Keys, Secrets};
use crate::world::wechat_pay::keys::Ring;
use crate::world::{World, alipay, seed};

/// Why the outside world could not be brought up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("the state file cannot be read or written")]
    Io(#[from] io::Error),
    #[error("the state file holds no state")]
    Corrupt(#[from] serde_json::Error),
    #[error("keys could not be made or read")]
    Keys(#[from] CryptoError),
    #[error("certificates could not be made")]
    Certificates(#[from] CertError),
    #[error(transparent)]
    Operations(#[from] crate::exchange::TableFaults),
    #[error("the client that delivers callbacks could not be built")]
    Http(#[from] reqwest::Error),
}

/// The world behind its lock, with what does not change while it is served.
pub(crate) struct Outside {
    world: Mutex<World>,
    state_file: Option<PathBuf>,
    pub(crate) clock: MockClock,
    pub(crate) keys: Keys,
    pub(crate) alipay: alipay::secrets::Keys,
    pub(crate) wechat_pay: Ring,
    pub(crate) unionpay: unionpay::Keys,
    pub(crate) onboarding: Onboarding,
    pub(crate) http: reqwest::Client,
}

impl Outside {
    /// Reads the state file, or makes a first world and keeps it there.
    pub(crate) fn open(
        state_file: Option<PathBuf>,
        start_at_ms: Option<i64>,
        base_url: &str,
    ) -> Result<Self, OpenError> {
        crate::exchange::check_table()?;
        let mut world = match state_file.as_deref().map(read_state).transpose()?.flatten() {
            Some(world) => world,
            None => {
                let real_ms = real_now_ms();
                let now_ms = start_at_ms.unwrap_or(real_ms);
                seed::first_world(Secrets::generate()?, now_ms - real_ms, now_ms)
            }
        };
        world.secrets.complete()?;
        if world.alipay.secrets.are_missing() {
            world.alipay.secrets = alipay::secrets::Secrets::generate()?;
        }
        let papers = world.unionpay.papers(real_now_ms() + world.offset_ms)?.clone();
        let outside = Self {
            clock: MockClock::with_offset(world.offset_ms),
            keys: Keys::read(&world.secrets)?,
            alipay: alipay::secrets::Keys::read(&world.alipay.secrets)?,
            wechat_pay: Ring::read(&world)?,
            unionpay: unionpay::Keys::read(&papers)?,
            onboarding: onboarding(&world, papers, base_url),
            http: callback_client()?,
            world: Mutex::new(world),
            state_file,
        };
        if let Some(path) = &outside.state_file {
            write_state(path, &outside.lock())?;
        }
        Ok(outside)
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Looks at the world.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the world and keeps the change before anybody hears of it, so that a killed
    /// process has never promised what it forgot.
    pub(crate) fn change<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.lock();
        let result = act(&mut world);
        if let Some(path) = &self.state_file
            && let Err(error) = write_state(path, &world)
        {
            tracing::error!(%error, "the state of the outside world was not kept");
        }
        result
    }

    /// A poisoned lock is used all the same: the panic that poisoned it failed one request, and
    /// no change of the world leaves it half done in a way that the others could not bear.
    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read_state(path: &Path) -> Result<Option<World>, OpenError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Writes beside and renames over: a reader sees the old state or the new, never half of one.
fn write_state(path: &Path, world: &World) -> Result<(), io::Error> {
    let beside = path.with_extension("tmp");
    let mut file = private_file(&beside)?;
    file.write_all(&serde_json::to_vec(world)?)?;
    drop(file);
    fs::rename(&beside, path)
}

/// The file holds private keys, so nobody else may read it.
fn private_file(path: &Path) -> Result<fs::File, io::Error> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// No platform follows redirects. How long to wait is said with every notification.
fn callback_client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .user_agent("Mozilla/4.0")
        .tls_certs_only([])
        .build()
}

/// A secret that follows from another one, so that states kept by older versions have it too.
fn derived(secret: &str, what: &str, length: usize) -> String {
    let hex = crypto::sha256_hex(format!("{what} {secret}").as_bytes());
    // An encoded key of 32 bytes ends in a character whose last two bits are zero.
    hex.chars().take(length - 1).chain(std::iter::once('A')).collect()
}

fn onboarding(world: &World, papers: Papers, base_url: &str) -> Onboarding {
    let secrets = world.secrets.clone();
    let base_url = base_url.to_owned();
    Onboarding {
        wechat: WeChatOnboarding {
            message_templates: outbox::chosen(Carrier::Wechat),
            message_token: derived(&secrets.app_secret, "message token", 32),
            encoding_aes_key: derived(&secrets.app_secret, "message key", 43),
            app_id: secrets.app_id,
            app_secret: secrets.app_secret,
            base_url: base_url.clone(),
        },
        wechat_pay: WeChatPayOnboarding {
            base_url: base_url.clone(),
            mch_id: secrets.mch_id,
            merchant_serial: secrets.merchant_serial,
            merchant_private_key_pem: secrets.merchant_private_pem,
            api_v3_key: secrets.api_v3_key,
            platform_key_id: secrets.platform_key_id,
            platform_public_key_pem: secrets.platform_public_pem,
        },
        alipay: AlipayOnboarding::of(&world.alipay.secrets, base_url.clone()),
        exchange: ExchangeOnboarding {
            base_url: base_url.clone(),
            client_id: secrets.exchange_client_id,
            key_base64: secrets.exchange_key_base64,
        },
        express: ExpressOnboarding {
            base_url: base_url.clone(),
            customer_no: secrets.express_customer_no,
            key_base64: secrets.express_key_base64,
        },
        gateway: GatewayOnboarding {
            base_url: base_url.clone(),
            our_key_id: secrets.caller_key_id,
            our_private_key_pem: secrets.caller_private_pem,
            gateway_key_id: secrets.gateway_key_id,
            gateway_public_key_pem: secrets.gateway_public_pem,
            algorithm: Algorithm::RsaSha256.name().to_owned(),
            our_sm2_key_id: secrets.gateway.caller_sm2_key_id,
            our_sm2_private_key_pem: secrets.gateway.caller_sm2_private_pem,
            gateway_keys: secrets
                .gateway
                .keys
                .into_iter()
                .filter(|key| !key.retired)
                .map(|key| GatewayKey {
                    key_id: key.id,
                    algorithm: key.algorithm.name().to_owned(),
                    public_key_pem: key.public_pem,
                })
                .collect(),
            sm4_key_id: secrets.gateway.sm4_key_id,
            sm4_key_base64: secrets.gateway.sm4_key_base64,
        },
        unionpay: UnionPayOnboarding {
            gateway_url: format!("{base_url}{GATEWAY}"),
            file_url: format!("{base_url}{FILES}"),
            middle_certificate_pem: papers.middle.certificate_pem().to_owned(),
            mer_id: papers.mer_id,
            merchant_private_key_pem: papers.merchant.private_pem,
            merchant_certificate_pem: papers.merchant.certificate_pem,
            cert_id: papers.merchant.cert_id,
            root_certificate_pem: papers.root_pem,
        },
        base_url,
    }
}
