//! Appointments.

use super::catalogue::{self, App};
use super::error::{
    FailureCode, UserError, UserErrorCode as Code, internal, nothing_done, store_failed,
};
use super::node_id::Kind;
use super::notice::{PageInfo, bounded};
use super::scalars::{DateTime, Money};
use super::{UseCases, requester, signed_in};
use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use domain::casework::booking::{
    Booking as DomainBooking, BookingFact, BookingNo, BookingState, BookingStore, CancelBooking,
    ChangeBookingError, ConfirmBooking, HoldRefusal,
};
use domain::clock::beijing_time;
use domain::ids::IdempotencyKey;
use std::sync::Arc;

/// What somebody does with their bookings.
#[derive(Clone)]
pub struct BookingUseCases {
    /// The book.
    pub bookings: Arc<dyn BookingStore>,
    /// Will come.
    pub confirm: Arc<ConfirmBooking>,
    /// Gives it back.
    pub cancel: Arc<CancelBooking>,
}

fn use_cases<'a>(ctx: &Context<'a>) -> &'a BookingUseCases {
    &ctx.data_unchecked::<UseCases>().booking
}

/// Where a booking stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::casework::booking::BookingStatus")]
pub enum BookingStatus {
    /// The place is kept until `holdUntil`: confirmBooking.
    Held,
    /// The citizen will come.
    Confirmed,
    /// The citizen came, as the department says.
    Visited,
    /// The citizen stayed away, as the department says.
    NoShow,
    /// Given back before the time.
    Cancelled,
    /// Nobody confirmed in time.
    Expired,
}

/// An appointment with a department (预约).
pub struct Booking(pub DomainBooking);

/// An appointment with a department (预约).
#[Object]
impl Booking {
    /// Opaque.
    pub async fn id(&self) -> ID {
        Kind::Booking.id(self.0.no.as_str())
    }

    /// Ours.
    async fn booking_no(&self) -> &str {
        self.0.no.as_str()
    }

    /// The text of the QR code that its owner shows at the counter; `resolveScan` understands it for
    /// the owner.
    async fn code(&self) -> &str {
        self.0.no.as_str()
    }

    /// By which it was made; null once it is no more in the catalogue.
    async fn app(&self, ctx: &Context<'_>) -> Option<App> {
        catalogue::app(ctx, self.0.under.app.as_str())
    }

    /// The app's name when it was made.
    async fn title(&self) -> &str {
        &self.0.under.title
    }

    /// With whom.
    async fn department(&self) -> &str {
        &self.0.under.department
    }

    /// Where it stands.
    async fn status(&self, ctx: &Context<'_>) -> BookingStatus {
        self.0.status_at(requester(ctx).now).into()
    }

    /// The time that was chosen, in words.
    async fn slot(&self) -> &str {
        &self.0.slot.label
    }

    /// When it begins.
    async fn starts_at(&self) -> DateTime {
        self.0.slot.starts_at.into()
    }

    /// When it ends.
    async fn ends_at(&self) -> DateTime {
        self.0.slot.ends_at.into()
    }

    /// For how many.
    async fn places(&self) -> i32 {
        i32::try_from(self.0.places.count()).unwrap_or(i32::MAX)
    }

    /// Paid on the spot; null where nothing is paid, or it is not known.
    async fn price(&self) -> Option<Money> {
        self.0.slot.price.map(Into::into)
    }

    /// What the department says of it, in display order; empty values are not known yet.
    async fn fields(&self) -> Vec<super::engine::ResultField> {
        let field = |fact: &BookingFact| {
            super::engine::ResultField::of(&fact.name, &fact.label, &fact.value)
        };
        self.0.facts.iter().map(field).collect()
    }

    /// Until when the place is kept; null unless it is held.
    async fn hold_until(&self) -> Option<DateTime> {
        match self.0.state {
            BookingState::Held { until } => Some(until.into()),
            BookingState::Confirmed { .. }
            | BookingState::Visited { .. }
            | BookingState::NoShow { .. }
            | BookingState::Cancelled { .. }
            | BookingState::Expired { .. } => None,
        }
    }

    /// Until when cancelBooking works; null when there is nothing to cancel.
    async fn cancel_until(&self) -> Option<DateTime> {
        self.0.cancel_until().map(Into::into)
    }

    /// The department's number; null until it has told one.
    async fn department_no(&self) -> Option<&str> {
        self.0.told.number.as_deref()
    }

    /// Whether the department knows how the booking stands; we go on telling it until it does.
    async fn department_knows(&self) -> bool {
        self.0.told.word.is_none()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.0.created_at.into()
    }
}

/// Bookings, newest first, and whether there are more.
#[derive(SimpleObject)]
pub struct BookingConnection {
    /// Newest first, those that are over included.
    nodes: Vec<Booking>,
    /// Whether there are more.
    page_info: PageInfo,
}

/// The caller's bookings.
pub async fn own_bookings(
    ctx: &Context<'_>,
    first: i32,
    after: Option<String>,
) -> Result<BookingConnection> {
    let person = &signed_in(ctx)?.person;
    let first = u16::try_from(bounded(first)?).unwrap_or(100);
    let bad = |_| FailureCode::BadInput.error();
    let after = after.map(|after| BookingNo::new(&after)).transpose().map_err(bad)?;
    let page = use_cases(ctx).bookings.list_bookings(&person.ids(), after.as_ref(), first).await;
    let page = page.map_err(|error| store_failed(&error))?;
    let end_cursor = page.bookings.last().map(|booking| booking.no.as_str().to_owned());
    let page_info = PageInfo { has_next_page: page.more, end_cursor };
    Ok(BookingConnection { nodes: page.bookings.into_iter().map(Booking).collect(), page_info })
}

/// The booking with this key, if it is the caller's.
pub async fn own_booking(ctx: &Context<'_>, key: &str) -> Result<Option<super::Node>> {
    let Some(caller) = requester(ctx).caller.as_ref() else { return Ok(None) };
    let Ok(no) = BookingNo::new(key) else { return Ok(None) };
    let found = use_cases(ctx).bookings.find_booking(&no).await;
    let found = found.map_err(|error| store_failed(&error))?;
    let own = found.filter(|booking| caller.person.owns(&booking.person));
    Ok(own.map(|booking| super::Node::Booking(Booking(booking))))
}

/// Which booking.
#[derive(InputObject)]
pub struct ConfirmBookingInput {
    /// Ours.
    booking_no: String,
    /// Made by the client; a repeat does nothing again, also without one.
    idempotency_key: Option<ID>,
}

/// The booking as it is now, or why not.
#[derive(SimpleObject)]
pub struct ConfirmBookingPayload {
    /// Confirmed.
    booking: Option<Booking>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// Which booking.
#[derive(InputObject)]
pub struct CancelBookingInput {
    /// Ours.
    booking_no: String,
    /// Made by the client; a repeat does nothing again, also without one.
    idempotency_key: Option<ID>,
}

/// The booking as it is now, or why not.
#[derive(SimpleObject)]
pub struct CancelBookingPayload {
    /// Cancelled.
    booking: Option<Booking>,
    /// Why not.
    user_errors: Vec<UserError>,
}

/// The mutation `confirmBooking`.
pub async fn confirm(
    ctx: &Context<'_>,
    input: ConfirmBookingInput,
) -> Result<ConfirmBookingPayload> {
    let person = &signed_in(ctx)?.person;
    let done = match read(&input.booking_no, input.idempotency_key) {
        Ok((no, key)) => use_cases(ctx).confirm.run(person, &no, key.as_ref()).await,
        Err(user_errors) => return Ok(ConfirmBookingPayload { booking: None, user_errors }),
    };
    let (booking, user_errors) = outcome(done)?;
    Ok(ConfirmBookingPayload { booking, user_errors })
}

/// The mutation `cancelBooking`.
pub async fn cancel(ctx: &Context<'_>, input: CancelBookingInput) -> Result<CancelBookingPayload> {
    let person = &signed_in(ctx)?.person;
    let done = match read(&input.booking_no, input.idempotency_key) {
        Ok((no, key)) => use_cases(ctx).cancel.run(person, &no, key.as_ref()).await,
        Err(user_errors) => return Ok(CancelBookingPayload { booking: None, user_errors }),
    };
    let (booking, user_errors) = outcome(done)?;
    Ok(CancelBookingPayload { booking, user_errors })
}

fn not_found() -> UserError {
    UserError::at(Code::NotFound, &["bookingNo"], "没有找到这个预约")
}

fn read(
    no: &str,
    key: Option<ID>,
) -> std::result::Result<(BookingNo, Option<IdempotencyKey>), Vec<UserError>> {
    let mut faults = Vec::new();
    let no = BookingNo::new(no);
    if no.is_err() {
        faults.push(not_found());
    }
    let key = key.map(|key| IdempotencyKey::new(&key)).transpose();
    if key.is_err() {
        let message = "幂等键须为8至64位字母、数字、下划线或连字符";
        faults.push(UserError::at(Code::Invalid, &["idempotencyKey"], message));
    }
    match (no, key) {
        (Ok(no), Ok(key)) => Ok((no, key)),
        (_, _) => Err(faults),
    }
}

fn outcome(
    done: std::result::Result<DomainBooking, ChangeBookingError>,
) -> Result<(Option<Booking>, Vec<UserError>)> {
    let at = |code, message: &str| UserError::at(code, &["bookingNo"], message);
    let refused = match done {
        Ok(booking) => return Ok((Some(Booking(booking)), Vec::new())),
        Err(ChangeBookingError::NotFound) => not_found(),
        Err(ChangeBookingError::KeyReused) => {
            let message = "这个幂等键已用于另一个预约，请换一个新的";
            UserError::at(Code::IdempotencyKeyReused, &["idempotencyKey"], message)
        }
        Err(ChangeBookingError::HoldOver) => {
            at(Code::Conflict, "预约超时未确认，名额已释放，请重新预约")
        }
        Err(ChangeBookingError::TooLate { .. }) => {
            at(Code::Conflict, "已过可取消的时间，请联系办理部门")
        }
        Err(ChangeBookingError::Refused(_)) => at(Code::Conflict, "该预约已结束，不能再变更"),
        Err(ChangeBookingError::Event(error)) => return Err(internal(&error)),
        Err(ChangeBookingError::Store(error)) => return Err(nothing_done(&error)),
    };
    Ok((None, vec![refused]))
}

/// Why a citizen gets no place, in words.
pub fn no_place(refusal: &HoldRefusal) -> UserError {
    match refusal {
        HoldRefusal::Taken => UserError::whole(Code::SlotTaken, "该时段名额已满，请选择其他时段"),
        HoldRefusal::Twice => UserError::whole(Code::Conflict, "您已预约该时段，请勿重复预约"),
        HoldRefusal::TooMany { most } => {
            let message = format!("您有{most}个未完成的预约，请先完成或取消后再预约");
            UserError::whole(Code::RateLimited, message)
        }
        HoldRefusal::Banned { until } => {
            let until = beijing_time(*until).strftime("%Y年%-m月%-d日");
            let message = format!("您多次预约后未到，{until}前暂停预约");
            UserError::whole(Code::RateLimited, message)
        }
        HoldRefusal::Store(_) => UserError::whole(Code::Conflict, "系统暂时不能办理，请稍后再试"),
    }
}
