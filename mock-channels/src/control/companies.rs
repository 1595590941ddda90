//! Levers about companies.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path};
use serde::Deserialize;
use serde_json::{Value, json};

use super::notices::NewNotice;
use super::{Answer, Refusal, read_body};
use crate::clock::Day;
use crate::server::Shared;
use crate::world::World;
use crate::world::company::{Company, is_uscc};

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/companies", web::get().to(list))
        .route("/companies", web::post().to(create))
        .route("/companies/{uscc}", web::get().to(one))
        .route("/companies/{uscc}/notices", web::post().to(notice));
}

async fn list(outside: Shared) -> Answer {
    outside.read(|world| {
        let companies = world.gateway.companies.iter().map(|company| described(world, company));
        Ok(HttpResponse::Ok().json(json!({"companies": companies.collect::<Vec<_>>()})))
    })
}

async fn one(outside: Shared, uscc: Path<String>) -> Answer {
    outside.read(|world| {
        let company = world.gateway.company(&uscc).ok_or_else(no_such_company)?;
        Ok(HttpResponse::Ok().json(described(world, company)))
    })
}

fn no_such_company() -> Refusal {
    Refusal::not_found("没有这个单位")
}

fn described(world: &World, company: &Company) -> Value {
    let notices: Vec<&String> = world
        .notices
        .values()
        .filter(|notice| notice.company.as_ref() == Some(&company.uscc))
        .map(|notice| &notice.notice_no)
        .collect();
    let mut described = json!(company);
    described["noticeNos"] = json!(notices);
    described
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCompany {
    name: Option<String>,
    uscc: Option<String>,
}

async fn create(outside: Shared, body: Bytes) -> Answer {
    let NewCompany { name, uscc } = read_body(&body)?;
    let name = name.unwrap_or_else(|| "样例有限公司".to_owned());
    if !(1..=60).contains(&name.chars().count()) {
        return Err(Refusal::bad("名称应为1至60个字"));
    }
    if uscc.as_ref().is_some_and(|code| !is_uscc(code)) {
        return Err(Refusal::bad("统一社会信用代码不正确（校验码见 GB 32100）"));
    }
    outside.change(|world| {
        if uscc.as_ref().is_some_and(|code| world.gateway.company(code).is_some()) {
            return Err(Refusal::conflict("这个代码已有单位"));
        }
        let uscc = world.add_company(&name, uscc);
        let company = world.gateway.company(&uscc).ok_or_else(no_such_company)?;
        Ok(HttpResponse::Ok().json(described(world, company)))
    })
}

async fn notice(outside: Shared, uscc: Path<String>, body: Bytes) -> Answer {
    let wanted: NewNotice = read_body(&body)?;
    let now_ms = outside.now_ms();
    let wish = wanted.checked(Day::of(now_ms))?;
    outside.change(|world| {
        world.gateway.company(&uscc).ok_or_else(no_such_company)?;
        let number = world.add_company_notice(&uscc, wish, now_ms);
        Ok(HttpResponse::Ok().json(json!({"noticeNo": number})))
    })
}
