//! Levers about people.

use actix_web::HttpResponse;
use actix_web::web::{self, Bytes, Path};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, read_body};
use crate::crypto::{self, LETTERS_AND_DIGITS};
use crate::server::Shared;
use crate::world::World;
use crate::world::code::{Code, CodeKind};
use crate::world::filing::NoticeWish;
use crate::world::people::{Citizen, is_id_card};
use crate::world::seed::Wish;

pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/citizens", web::get().to(list))
        .route("/citizens", web::post().to(create))
        .route("/citizens/{id}", web::get().to(one))
        .route("/citizens/{id}/wechat-code", web::post().to(wechat_code));
}

async fn list(outside: Shared) -> Answer {
    let citizens: Vec<Value> = outside
        .read(|world| world.citizens.iter().map(|citizen| described(world, citizen)).collect());
    Ok(HttpResponse::Ok().json(json!({"citizens": citizens})))
}

async fn one(outside: Shared, id: Path<String>) -> Answer {
    outside.read(|world| {
        let citizen = world.citizen(&id).ok_or_else(no_such_citizen)?;
        Ok(HttpResponse::Ok().json(described(world, citizen)))
    })
}

pub(super) fn no_such_citizen() -> Refusal {
    Refusal::not_found("没有这个市民")
}

fn described(world: &World, citizen: &Citizen) -> Value {
    let notices: Vec<&String> = world
        .notices
        .values()
        .filter(|notice| notice.citizen_id == citizen.id)
        .map(|notice| &notice.notice_no)
        .collect();
    let (house, child) = (citizen.house(), citizen.child());
    json!({
        "citizenId": citizen.id,
        "name": citizen.name,
        "idCard": citizen.id_card,
        "phone": citizen.phone,
        "openId": citizen.open_id,
        "unionId": citizen.union_id,
        "vehicles": citizen.vehicles,
        "house": house.address,
        "child": {"name": child.name, "birth": child.birth.text()},
        "papers": crate::exchange::papers_of(citizen),
        "noticeNos": notices,
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NewCitizen {
    name: Option<String>,
    id_card: Option<String>,
    phone: Option<String>,
}

async fn create(outside: Shared, body: Bytes) -> Answer {
    let wanted: NewCitizen = read_body(&body)?;
    if wanted.name.as_ref().is_some_and(|name| !(1..=30).contains(&name.chars().count())) {
        return Err(Refusal::bad("姓名应为1至30个字"));
    }
    if wanted.id_card.as_ref().is_some_and(|number| !is_id_card(number)) {
        return Err(Refusal::bad("身份证号不正确（校验码见 GB 11643）"));
    }
    if wanted.phone.as_ref().is_some_and(|phone| !is_phone(phone)) {
        return Err(Refusal::bad("手机号不正确"));
    }
    let now_ms = outside.now_ms();
    outside.change(|world| {
        if wanted.id_card.as_ref().is_some_and(|n| world.citizen_by_id_card(n).is_some()) {
            return Err(Refusal::conflict("这个身份证号已有市民"));
        }
        let NewCitizen { name, id_card, phone } = wanted;
        let id = world.add_citizen(Wish { name, id_card, phone }, now_ms);
        world.add_undecided_violation(&id, now_ms);
        world.add_notice(&id, NoticeWish::fine(20_000, 5), now_ms);
        let citizen = world.citizen(&id).ok_or_else(no_such_citizen)?;
        Ok(HttpResponse::Ok().json(described(world, citizen)))
    })
}

fn is_phone(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 11
        && bytes[0] == b'1'
        && (b'3'..=b'9').contains(&bytes[1])
        && bytes.iter().all(u8::is_ascii_digit)
}

/// What `wx.login` and the phone button give a mini-program.
async fn wechat_code(outside: Shared, id: Path<String>) -> Answer {
    let now_ms = outside.now_ms();
    outside.change(|world| {
        world.citizen(&id).ok_or_else(no_such_citizen)?;
        let mut make = |kind, length: usize| {
            let value = format!("0{}", crypto::random_text(LETTERS_AND_DIGITS, length - 1));
            let code = Code { kind, citizen_id: id.clone(), made_ms: now_ms, used: false };
            world.codes.insert(value.clone(), code);
            value
        };
        let code = make(CodeKind::Login, 32);
        let phone_code = make(CodeKind::Phone, 64);
        Ok(HttpResponse::Ok().json(json!({"code": code, "phoneCode": phone_code})))
    })
}
