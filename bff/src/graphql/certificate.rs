//! Certificates: own ones, and anybody's check of one.

use super::engine::ResultField;
use super::error::{FailureCode, UserError, UserErrorCode as Code, store_failed};
use super::node_id::Kind;
use super::notice::{PageInfo, bounded};
use super::receipt::pdf_url;
use super::scalars::DateTime;
use super::{UseCases, delivery, requester, signed_in};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::casework::certificate::{
    Certificate as DomainCertificate, CertificateBook, CertificateEntry, CertificateStanding,
    RevokeCertificate, VerifyCertificate,
};
use domain::casework::delivery::DeliverySubject;
use domain::ids::SerialNo;
use domain::receipt::Document;
use std::sync::Arc;

/// What resolvers of certificates call.
#[derive(Clone)]
pub struct CertificateUseCases {
    /// Own ones.
    pub book: Arc<dyn CertificateBook>,
    /// Anybody's check.
    pub verify: Arc<VerifyCertificate>,
    /// Takes an own one back.
    pub revoke: Arc<RevokeCertificate>,
}

fn use_cases<'a>(ctx: &Context<'a>) -> &'a CertificateUseCases {
    &ctx.data_unchecked::<UseCases>().certificates
}

/// How a certificate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum CertificateStatus {
    /// It can be relied on.
    Valid,
    /// Its time is over.
    Expired,
    /// Its holder took it back.
    Revoked,
    /// Only of a verification: no certificate has this number and this code, or too many wrong
    /// codes were tried for it within the hour.
    Unknown,
}

impl From<CertificateStanding> for CertificateStatus {
    fn from(standing: CertificateStanding) -> Self {
        match standing {
            CertificateStanding::Valid => Self::Valid,
            CertificateStanding::Expired => Self::Expired,
            CertificateStanding::Revoked => Self::Revoked,
        }
    }
}

/// One row of what a department certified.
#[derive(Debug, Clone, SimpleObject)]
pub struct CertificateRow {
    /// Label and value, in display order.
    fields: Vec<ResultField>,
}

fn rows(certificate: &DomainCertificate) -> Vec<CertificateRow> {
    let field = |entry: &CertificateEntry| ResultField {
        name: entry.key.clone(),
        label: entry.label.clone(),
        value: entry.value.clone(),
    };
    let row =
        |row: &Vec<CertificateEntry>| CertificateRow { fields: row.iter().map(field).collect() };
    certificate.rows.iter().map(row).collect()
}

/// A certificate of the caller (电子证明), as it was issued.
pub struct Certificate(pub Box<DomainCertificate>);

impl From<DomainCertificate> for Certificate {
    fn from(certificate: DomainCertificate) -> Self {
        Self(Box::new(certificate))
    }
}

/// A certificate of the caller (电子证明), as it was issued.
#[Object]
impl Certificate {
    /// Opaque.
    pub async fn id(&self) -> ID {
        Kind::Certificate.id(self.0.serial.as_str())
    }

    /// 证明编号, on the paper.
    async fn serial_no(&self) -> &str {
        self.0.serial.as_str()
    }

    /// 授权码: who has it, with the number, may verify the certificate.
    async fn authorisation_code(&self) -> String {
        self.0.code.grouped()
    }

    /// The slug of the app that issued it.
    async fn app(&self) -> &str {
        self.0.app.as_str()
    }

    /// What stands above it, in Chinese.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Which department says so.
    async fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// Of whom it speaks, masked.
    async fn holder(&self) -> String {
        self.0.holder.masked()
    }

    /// What the department said when it was issued; at most 200.
    async fn rows(&self) -> Vec<CertificateRow> {
        rows(&self.0)
    }

    /// Parcels with the paper, newest first; empty where it was asked for as a file only.
    #[graphql(complexity = "3 * child_complexity + 1")]
    async fn deliveries(&self, ctx: &Context<'_>) -> Result<Vec<delivery::Delivery>> {
        let of = DeliverySubject::Certificate(self.0.serial.to_string());
        delivery::list_of_own(ctx, &of).await
    }

    /// When that was so.
    async fn as_of(&self) -> DateTime {
        self.0.as_of.into()
    }

    /// When it was issued.
    async fn issued_at(&self) -> DateTime {
        self.0.issued_at.into()
    }

    /// From this moment on it is no longer valid.
    async fn valid_to(&self) -> DateTime {
        self.0.expires_at.into()
    }

    /// How it stands now; never UNKNOWN.
    async fn status(&self, ctx: &Context<'_>) -> CertificateStatus {
        self.0.standing(requester(ctx).now).into()
    }

    /// Whether the paper was asked for by post.
    async fn by_post(&self) -> bool {
        self.0.post.is_some()
    }

    /// The page on which anybody verifies it; the QR code on the paper leads there.
    async fn verify_url(&self, ctx: &Context<'_>) -> String {
        let base = &ctx.data_unchecked::<UseCases>().public_url;
        format!("{base}/certificates/verify?{}", self.0.verify_query())
    }

    /// Signed, valid five minutes; null where this server has no font to print with.
    async fn pdf_url(&self, ctx: &Context<'_>) -> Option<String> {
        pdf_url(ctx, &self.0.person, Document::Certificate(self.0.serial.clone()))
    }
}

/// Certificates, newest first, and whether there are more.
#[derive(SimpleObject)]
pub struct CertificateConnection {
    /// Newest first, expired and revoked ones included.
    nodes: Vec<Certificate>,
    /// Whether there are more.
    page_info: PageInfo,
}

/// The caller's certificates.
pub async fn own_certificates(
    ctx: &Context<'_>,
    first: i32,
    after: Option<String>,
) -> Result<CertificateConnection> {
    let person = &signed_in(ctx)?.person;
    let first = u16::try_from(bounded(first)?).unwrap_or(100);
    let book = &use_cases(ctx).book;
    let before = match after.as_deref().map(SerialNo::new) {
        None => None,
        Some(Ok(serial)) => {
            // Else an unknown cursor would end the list silently.
            let known = book.find_certificate(&serial).await;
            let known = known.map_err(|error| store_failed(&error))?;
            let own = known.filter(|certificate| person.owns(&certificate.person));
            own.ok_or_else(|| FailureCode::BadInput.error())?;
            Some(serial)
        }
        Some(Err(_)) => return Err(FailureCode::BadInput.error()),
    };
    let page = book.list_certificates(&person.ids(), before.as_ref(), first).await;
    let page = page.map_err(|error| store_failed(&error))?;
    let end_cursor = page.certificates.last().map(|certificate| certificate.serial.to_string());
    let page_info = PageInfo { has_next_page: page.more, end_cursor };
    let nodes = page.certificates.into_iter().map(Certificate::from).collect();
    Ok(CertificateConnection { nodes, page_info })
}

/// The certificate with this key, if it is the caller's.
pub async fn own_certificate(ctx: &Context<'_>, key: &str) -> Result<Option<super::Node>> {
    let (Ok(serial), Some(caller)) = (SerialNo::new(key), requester(ctx).caller.as_ref()) else {
        return Ok(None);
    };
    let found = use_cases(ctx).book.find_certificate(&serial).await;
    let found = found.map_err(|error| store_failed(&error))?;
    let own = found.filter(|certificate| caller.person.owns(&certificate.person));
    Ok(own.map(|certificate| super::Node::Certificate(certificate.into())))
}

/// What whoever holds the paper may know, to compare it with.
#[derive(Debug, Clone, SimpleObject)]
pub struct VerifiedCertificate {
    /// 证明编号.
    serial_no: String,
    /// What stands above it.
    title: String,
    /// Which department says so.
    issuer: String,
    /// Of whom it speaks: a person's name masked, a body's name whole.
    holder: String,
    /// When it was issued.
    issued_at: DateTime,
    /// From this moment on it is no longer valid.
    valid_to: DateTime,
    /// What stands on it; nothing of one that is not valid.
    rows: Vec<CertificateRow>,
}

/// The answer to "is this certificate genuine?".
#[derive(Debug, Clone, SimpleObject)]
pub struct CertificateVerification {
    /// How it stands.
    status: CertificateStatus,
    /// Null for an unknown one.
    certificate: Option<VerifiedCertificate>,
}

impl CertificateVerification {
    /// Is it one of ours?
    pub(super) fn is_known(&self) -> bool {
        self.certificate.is_some()
    }
}

/// One answer for everything that is not the number and the code of one certificate.
pub async fn verify(
    ctx: &Context<'_>,
    serial: &str,
    code: &str,
) -> Result<CertificateVerification> {
    let found = use_cases(ctx).verify.run(serial, code, requester(ctx).address).await;
    let Some((certificate, standing)) = found.map_err(|error| store_failed(&error))? else {
        let (status, certificate) = (CertificateStatus::Unknown, None);
        return Ok(CertificateVerification { status, certificate });
    };
    let valid = standing == CertificateStanding::Valid;
    let shown = VerifiedCertificate {
        serial_no: certificate.serial.to_string(),
        title: certificate.title.clone(),
        issuer: certificate.issuer.clone(),
        holder: certificate.holder.masked(),
        issued_at: certificate.issued_at.into(),
        valid_to: certificate.expires_at.into(),
        rows: if valid { rows(&certificate) } else { Vec::new() },
    };
    Ok(CertificateVerification { status: standing.into(), certificate: Some(shown) })
}

/// Which one.
#[derive(InputObject)]
pub struct RevokeCertificateInput {
    /// 证明编号 of an own certificate.
    serial_no: String,
}

/// The certificate as it stands then, or why not.
#[derive(SimpleObject)]
pub struct RevokeCertificatePayload {
    /// Revoked.
    certificate: Option<Certificate>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `revokeCertificate`.
pub async fn revoke(
    ctx: &Context<'_>,
    input: RevokeCertificateInput,
) -> Result<RevokeCertificatePayload> {
    let person = &signed_in(ctx)?.person;
    let revoked = match SerialNo::new(&input.serial_no) {
        Ok(serial) => use_cases(ctx).revoke.run(person, &serial).await,
        Err(_) => Ok(None),
    };
    let revoked = revoked.map_err(|error| store_failed(&error))?;
    let user_errors = match &revoked {
        Some(_) => Vec::new(),
        None => vec![UserError::at(Code::NotFound, &["serialNo"], "没有这份证明")],
    };
    Ok(RevokeCertificatePayload { certificate: revoked.map(Certificate::from), user_errors })
}
