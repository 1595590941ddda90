//! Documents and uploaded files by signed links: whoever has the link has the document, for five
//! minutes. All are downloaded, none is shown: what citizens upload runs nowhere.

use super::page::note;
use crate::graphql::error::chain;
use crate::parts::Parts;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY};
use actix_web::{HttpResponse, web};
use domain::receipt::Opened;

/// `/documents/{token}`.
pub async fn document(token: web::Path<String>, parts: web::Data<Parts>) -> HttpResponse {
    match parts.documents.open(&token).await {
        Ok(Opened::File(file)) => {
            let disposition = format!("attachment; filename=\"{}\"", file.name);
            HttpResponse::Ok()
                .content_type(file.media_type)
                .insert_header((CONTENT_DISPOSITION, disposition))
                .insert_header((CACHE_CONTROL, "no-store"))
                .insert_header((CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'"))
                .body(file.content)
        }
        Ok(Opened::Expired) => note(StatusCode::GONE, "链接已过期", EXPIRED),
        Ok(Opened::Unknown) => note(StatusCode::NOT_FOUND, "没有这份文件", UNKNOWN),
        Err(error) => {
            tracing::error!(error = %chain(&error), "document not made");
            note(StatusCode::SERVICE_UNAVAILABLE, "暂时无法生成文件", LATER)
        }
    }
}

const EXPIRED: &str = "为保护您的信息，下载链接只在5分钟内有效。请回到小程序或App，重新打开“电子票据”或“缴款明细”，再点下载。";
const UNKNOWN: &str =
    "链接不完整或有误。请回到小程序或App，重新打开“电子票据”或“缴款明细”，再点下载。";
const LATER: &str = "系统繁忙，您的票据没有丢失。请稍后回到小程序或App再试。";
