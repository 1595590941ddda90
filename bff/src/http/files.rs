//! `/files`: one file of somebody who is signed in, for the answers of a form. What it is, is
//! decided by its content; whose it is, by the session.

use super::admission::come_again_s;
use super::requester::{Credentials, Refused, requester};
use crate::graphql::error::{FailureCode, chain};
use crate::graphql::file::described;
use crate::parts::Parts;
use actix_multipart::Multipart;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER,
};
use actix_web::{HttpRequest, HttpResponse, web};
use aws_lc_rs::digest;
use domain::files::{Sha256, Upload, UploadError, UploadFile};
use domain::identity::Caller;
use futures_util::{Stream, StreamExt as _};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Files that come in at once: each is in memory as a whole, so many megabytes and no more.
const AT_ONCE: usize = 8;
/// One file takes at most so long to come; 10 MB over a weak network need a minute.
const DEADLINE: Duration = Duration::from_secs(90);
/// The part that holds the file.
const PART: &str = "file";

/// Takes files in.
pub struct Uploads {
    upload: Arc<UploadFile>,
    turns: Semaphore,
}

impl Uploads {
    /// By this use case.
    pub fn new(upload: Arc<UploadFile>) -> Self {
        Self { upload, turns: Semaphore::new(AT_ONCE) }
    }
}

/// Why a file was not taken, for programs and for citizens.
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

fn refusal(status: StatusCode, code: &'static str, message: impl Into<String>) -> Refusal {
    Refusal { status, code, message: message.into() }
}

fn failure(status: StatusCode, code: FailureCode) -> Refusal {
    let (word, message) = code.words();
    refusal(status, word, message)
}

fn malformed() -> Refusal {
    let message = "上传的内容不完整，请重新选择文件后再传";
    refusal(StatusCode::BAD_REQUEST, "BAD_INPUT", message)
}

fn too_large(most_bytes: u64) -> Refusal {
    let message = format!("文件不能超过{}MB，请压缩后再传", most_bytes / (1024 * 1024));
    refusal(StatusCode::PAYLOAD_TOO_LARGE, "TOO_LARGE", message)
}

impl Refusal {
    fn answer(self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            answer.insert_header((RETRY_AFTER, come_again_s().to_string()));
        }
        answer
            .insert_header((CACHE_CONTROL, "no-store"))
            .json(json!({ "code": self.code, "message": self.message }))
    }
}

/// POST, multipart, one part named `file`.
pub async fn upload(
    request: HttpRequest,
    payload: web::Payload,
    parts: web::Data<Parts>,
) -> HttpResponse {
    match take(&request, payload, &parts).await {
        Ok(answer) => answer,
        Err(refusal) => refusal.answer(),
    }
}

/// Any other method.
pub async fn other() -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, "POST")).finish()
}

async fn take(
    request: &HttpRequest,
    payload: web::Payload,
    parts: &Parts,
) -> Result<HttpResponse, Refusal> {
    // Nothing of the body is read for somebody unknown.
    let caller = caller(request, parts).await?;
    let overloaded = |_| failure(StatusCode::SERVICE_UNAVAILABLE, FailureCode::Overloaded);
    let _turn = parts.uploads.turns.try_acquire().map_err(overloaded)?;
    let most_bytes = parts.uploads.upload.most_bytes;
    let reading = read(request.headers(), payload, most_bytes);
    let late = |_| failure(StatusCode::REQUEST_TIMEOUT, FailureCode::Timeout);
    let content = tokio::time::timeout(DEADLINE, reading).await.map_err(late)??;
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest::digest(&digest::SHA256, &content).as_ref());
    let sha256 = Sha256(sha256);
    let person = caller.person.id.clone();
    let kept = parts.uploads.upload.run(Upload { person, content, sha256 }).await;
    let kept = kept.map_err(not_kept)?;
    Ok(HttpResponse::Created()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(described(&kept, &sha256)))
}

async fn caller(request: &HttpRequest, parts: &Parts) -> Result<Caller, Refusal> {
    let nobody = || failure(StatusCode::UNAUTHORIZED, FailureCode::NotSignedIn);
    match requester(&Credentials::of_request(request, parts), parts).await {
        Ok(who) => who.caller.ok_or_else(nobody),
        Err(Refused::With(FailureCode::NotSignedIn)) => Err(nobody()),
        Err(Refused::With(code)) => Err(failure(StatusCode::BAD_REQUEST, code)),
        Err(Refused::Store(error)) => {
            tracing::error!(error = %chain(&error), "nobody can be told who uploads");
            Err(failure(StatusCode::SERVICE_UNAVAILABLE, FailureCode::Unavailable))
        }
    }
}

/// The content of the one part of a body of that media type; `None`: it is refused.
pub async fn content_of(media_type: &str, body: web::Bytes, most_bytes: u64) -> Option<Vec<u8>> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_str(media_type).ok()?);
    let body = futures_util::stream::iter([Ok(body)]);
    read(&headers, body, most_bytes).await.ok()
}

/// The content of the one part.
async fn read(
    headers: &HeaderMap,
    payload: impl Stream<Item = Result<web::Bytes, PayloadError>> + 'static,
    most_bytes: u64,
) -> Result<Vec<u8>, Refusal> {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !media_type.is_some_and(|sent| sent.starts_with("multipart/form-data")) {
        let message = "请以multipart/form-data上传一个文件";
        return Err(refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_INPUT", message));
    }
    let most = usize::try_from(most_bytes).unwrap_or(usize::MAX);
    let mut sent = Multipart::new(headers, payload);
    let mut content = None;
    while let Some(part) = sent.next().await {
        let mut part = part.map_err(|_| malformed())?;
        if part.name() != Some(PART) || content.is_some() {
            let message = "一次只能上传一个文件，字段名为file";
            return Err(refusal(StatusCode::BAD_REQUEST, "BAD_INPUT", message));
        }
        let read = part.bytes(most).await.map_err(|_| too_large(most_bytes))?;
        content = Some(read.map_err(|_| malformed())?);
    }
    content.map(Vec::from).ok_or_else(malformed)
}

fn not_kept(error: UploadError) -> Refusal {
    match error {
        UploadError::TooLarge { most_bytes } => too_large(most_bytes),
        UploadError::UnknownKind => {
            let message = "只接受完整的JPG照片、PNG图片或PDF文件，请重新选择";
            refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNKNOWN_KIND", message)
        }
        UploadError::OverQuota => {
            let message = "今天上传的文件太多，请明天再传，或先用已上传的文件办理";
            refusal(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message)
        }
        UploadError::Store(error) => {
            tracing::error!(error = %chain(&error), "file not kept");
            failure(StatusCode::SERVICE_UNAVAILABLE, FailureCode::Unavailable)
        }
    }
}
