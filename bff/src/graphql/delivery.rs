//! Results by post.

use super::error::{UserError, UserErrorCode as Code, nothing_done};
use super::loaders::loaders;
use super::scalars::{DateTime, RegionCode};
use super::{UseCases, signed_in};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::casework::delivery::{
    DeliveryFault, DeliveryInput, DeliveryPart, DeliverySubject, RequestDeliveryError,
    SubjectInput, Track,
};

/// Where a parcel stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::casework::delivery::DeliveryState")]
pub enum DeliveryStatus {
    /// 已下单: the carrier has not fetched it yet.
    Ordered,
    /// 已揽收.
    Collected,
    /// 运输中.
    InTransit,
    /// 已签收.
    Delivered,
    /// 已退回: ask the department, or ask for it again.
    Returned,
    /// 已遗失: ask the department, or ask for it again.
    Lost,
    /// 未受理: the carrier does not take the order; ask for it again with another address.
    Refused,
}

/// One parcel with a result.
pub struct Delivery(pub domain::casework::delivery::Delivery);

/// One parcel with a result.
#[Object]
impl Delivery {
    /// Our number.
    async fn delivery_no(&self) -> &str {
        self.0.no.as_str()
    }

    /// What is in it.
    async fn content(&self) -> &str {
        &self.0.content
    }

    /// Which department sends it.
    async fn sender(&self) -> &str {
        &self.0.sender
    }

    /// Where it stands.
    async fn status(&self) -> DeliveryStatus {
        self.0.state.into()
    }

    /// The carrier's number (EMS); null until the carrier took the order.
    async fn waybill_no(&self) -> Option<&str> {
        self.0.waybill.as_ref().map(|waybill| waybill.as_str())
    }

    /// Who takes it, masked: `王**`.
    async fn recipient(&self) -> String {
        self.0.recipient.name.chars().take(1).chain("**".chars()).collect()
    }

    /// Their phone, masked.
    async fn phone(&self) -> String {
        self.0.recipient.phone.masked()
    }

    /// Since when.
    async fn requested_at(&self) -> DateTime {
        self.0.created_at.into()
    }

    /// What happened to it, oldest first.
    #[graphql(complexity = "10 * child_complexity + 1")]
    async fn tracks(&self) -> Vec<DeliveryTrack> {
        self.0.tracks.iter().map(DeliveryTrack::from).collect()
    }
}

/// One line of a parcel's tracking.
#[derive(SimpleObject)]
pub struct DeliveryTrack {
    /// When.
    at: DateTime,
    /// Where.
    place: String,
    /// What, in the carrier's words.
    text: String,
}

impl From<&Track> for DeliveryTrack {
    fn from(track: &Track) -> Self {
        Self { at: track.at.into(), place: track.place.clone(), text: track.words.clone() }
    }
}

/// Deliveries of a case or certificate that is the caller's.
pub async fn list_of_own(ctx: &Context<'_>, of: &DeliverySubject) -> Result<Vec<Delivery>> {
    let Some(delivery) = &ctx.data_unchecked::<UseCases>().desk.delivery else {
        return Ok(Vec::new());
    };
    let lists = |all: Vec<_>| async move { delivery.lists_of_own(&all).await };
    let found = loaders(ctx).deliveries.load(of.clone(), lists).await?;
    Ok(found.into_iter().flatten().map(Delivery).collect())
}

/// Where to.
#[derive(InputObject)]
pub struct DeliveryAddressInput {
    /// The county.
    region: RegionCode,
    /// Street, house and door: 4 to 120 characters.
    detail: String,
}

/// What is sent, to whom.
#[derive(InputObject)]
pub struct RequestDeliveryInput {
    /// An own case whose result can be sent. Either this or `certificateSerial`.
    case_no: Option<String>,
    /// The serial number of an own certificate.
    certificate_serial: Option<String>,
    /// Where to.
    address: DeliveryAddressInput,
    /// Name of who takes it.
    recipient: String,
    /// Mobile phone of who takes it.
    phone: String,
    /// Made by the client before it sends; kept for ever.
    idempotency_key: ID,
}

/// The delivery, or why there is none.
#[derive(SimpleObject)]
pub struct RequestDeliveryPayload {
    /// As it stands.
    delivery: Option<Delivery>,
    /// Why not.
    user_errors: Vec<UserError>,
}

fn refused(user_errors: Vec<UserError>) -> RequestDeliveryPayload {
    RequestDeliveryPayload { delivery: None, user_errors }
}

/// The mutation `requestDelivery`.
pub async fn request(
    ctx: &Context<'_>,
    input: RequestDeliveryInput,
) -> Result<RequestDeliveryPayload> {
    let caller = signed_in(ctx)?;
    let subject = match (input.case_no, input.certificate_serial) {
        (Some(no), None) => SubjectInput::Case(no),
        (None, Some(serial)) => SubjectInput::Certificate(serial),
        (Some(_), Some(_)) | (None, None) => {
            let words = "办件编号和证照编号应填且只填一个";
            return Ok(refused(vec![UserError::at(Code::Invalid, &["caseNo"], words)]));
        }
    };
    let field = match &subject {
        SubjectInput::Case(_) => "caseNo",
        SubjectInput::Certificate(_) => "certificateSerial",
    };
    let Some(delivery) = &ctx.data_unchecked::<UseCases>().desk.delivery else {
        let words = "暂未开通邮寄，请到窗口领取";
        return Ok(refused(vec![UserError::whole(Code::Conflict, words)]));
    };
    let wanted = DeliveryInput {
        subject,
        region: input.address.region.0,
        detail: input.address.detail,
        recipient: input.recipient,
        phone: input.phone,
        key: input.idempotency_key.0,
    };
    let user_errors = match delivery.run(caller, &wanted).await {
        Ok(made) => {
            let delivery = Some(Delivery(made));
            return Ok(RequestDeliveryPayload { delivery, user_errors: Vec::new() });
        }
        Err(RequestDeliveryError::NotFound) => {
            vec![UserError::at(Code::NotFound, &[field], "没有找到")]
        }
        Err(RequestDeliveryError::NothingToSend) => {
            vec![UserError::at(Code::Conflict, &[field], "现在没有可以邮寄的结果")]
        }
        Err(RequestDeliveryError::Sent) => {
            vec![UserError::at(Code::Conflict, &[field], "已经申请过邮寄")]
        }
        Err(RequestDeliveryError::KeyReused) => {
            let words = "这个编号已用于另一次申请";
            vec![UserError::at(Code::IdempotencyKeyReused, &["idempotencyKey"], words)]
        }
        Err(RequestDeliveryError::Faults(faults)) => faults.into_iter().map(fault).collect(),
        Err(RequestDeliveryError::Store(error)) => return Err(nothing_done(&error)),
    };
    Ok(refused(user_errors))
}

fn fault(DeliveryFault { part, message }: DeliveryFault) -> UserError {
    let field: &[&str] = match part {
        DeliveryPart::Region => &["address", "region"],
        DeliveryPart::Detail => &["address", "detail"],
        DeliveryPart::Recipient => &["recipient"],
        DeliveryPart::Phone => &["phone"],
        DeliveryPart::Key => &["idempotencyKey"],
    };
    UserError::at(Code::Invalid, field, message)
}
