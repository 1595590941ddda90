//! A citizen asks for a result to be sent.

use super::{Address, Delivery, DeliveryState, DeliveryStore, DeliverySubject, Recipient};
use crate::casework::desk_case::DeskCases;
use crate::catalogue::{Catalogue, CatalogueSource};
use crate::clock::{Clock, IdSource, beijing_day};
use crate::identity::Caller;
use crate::ids::{CaseNo, DeliveryNo, IdempotencyKey, PersonId};
use crate::outside::StoreError;
use crate::standards::{Mobile, RegionCode};
use std::collections::BTreeMap;
use std::sync::Arc;

const NAME_MAX: usize = 30;
const DETAIL_MAX: usize = 120;
const SERIAL_MAX: usize = 64;

/// What is to be sent, as it was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectInput {
    /// The number of a case.
    Case(String),
    /// The serial number of a certificate.
    Certificate(String),
}

/// What the citizen says.
#[derive(Clone)]
pub struct DeliveryInput {
    /// What.
    pub subject: SubjectInput,
    /// The county.
    pub region: String,
    /// Street, house and door.
    pub detail: String,
    /// Name of who takes it.
    pub recipient: String,
    /// Phone of who takes it.
    pub phone: String,
    /// Made by the client.
    pub key: String,
}

/// Which part is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryPart {
    /// The county.
    Region,
    /// Street, house and door.
    Detail,
    /// The name.
    Recipient,
    /// The phone.
    Phone,
    /// The client's key.
    Key,
}

/// What is wrong with one part, in words for a citizen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryFault {
    /// Which.
    pub part: DeliveryPart,
    /// What.
    pub message: &'static str,
}

/// Why nothing is sent.
#[derive(Debug, thiserror::Error)]
pub enum RequestDeliveryError {
    /// Nobody's case or certificate, or somebody else's.
    #[error("there is no such case or certificate")]
    NotFound,
    /// It is not ended, or its result is nothing that can be sent.
    #[error("there is nothing to send")]
    NothingToSend,
    /// It is being sent, or was.
    #[error("it is being sent already")]
    Sent,
    /// The key stands for another delivery of the same person.
    #[error("the idempotency key was used for another delivery")]
    KeyReused,
    /// All that is wrong.
    #[error("{} parts of the address are wrong", .0.len())]
    Faults(Vec<DeliveryFault>),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// The use case.
pub struct RequestDelivery {
    /// Own cases and certificates.
    pub cases: Arc<dyn DeskCases>,
    /// Deliveries.
    pub deliveries: Arc<dyn DeliveryStore>,
    /// Apps and regions.
    pub catalogue: Arc<dyn CatalogueSource>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Numbers.
    pub ids: Arc<dyn IdSource>,
}

/// The checked input.
struct Wanted {
    address: Address,
    recipient: Recipient,
    key: IdempotencyKey,
}

/// What is sent, by whom.
struct Parcel {
    subject: DeliverySubject,
    sender: String,
    content: String,
    sendable: bool,
}

impl RequestDelivery {
    /// Keeps the delivery; a worker tells the carrier. The same key and input again gives the same
    /// delivery.
    ///
    /// # Errors
    /// [`RequestDeliveryError`]; nothing is kept then.
    pub async fn run(
        &self,
        caller: &Caller,
        input: &DeliveryInput,
    ) -> Result<Delivery, RequestDeliveryError> {
        let catalogue = self.catalogue.current();
        let wanted = self.checked(&catalogue, input).map_err(RequestDeliveryError::Faults)?;
        let owners = caller.person.ids();
        let Parcel { subject, sender, content, sendable } =
            self.own_subject(&owners, &input.subject).await?;
        if let Some(known) = self.deliveries.find_by_key(&owners, &wanted.key).await? {
            return same(known, &subject, &wanted);
        }
        if !sendable {
            return Err(RequestDeliveryError::NothingToSend);
        }
        let now = self.clock.now();
        let delivery = Delivery {
            no: DeliveryNo::generate(now, self.ids.as_ref()),
            person: caller.person.id.clone(),
            key: wanted.key.clone(),
            subject: subject.clone(),
            sender,
            content,
            recipient: wanted.recipient.clone(),
            address: wanted.address.clone(),
            state: DeliveryState::Ordered,
            waybill: None,
            tracks: Vec::new(),
            created_at: now,
            next_check_at: Some(now),
            version: 0,
        };
        match self.deliveries.insert(&delivery).await {
            Ok(()) => Ok(delivery),
            // The same request at the same moment, or another one for the same thing.
            Err(StoreError::Conflict) => {
                let known = self.deliveries.find_by_key(&owners, &wanted.key).await?;
                known.map_or(Err(RequestDeliveryError::Sent), |one| same(one, &subject, &wanted))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Deliveries of things that the caller was already found to own, newest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lists_of_own(
        &self,
        of: &[DeliverySubject],
    ) -> Result<BTreeMap<DeliverySubject, Vec<Delivery>>, StoreError> {
        self.deliveries.list_of_all(of).await
    }

    /// The delivery of this number, if it is the caller's.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_own(
        &self,
        caller: &Caller,
        no: &str,
    ) -> Result<Option<Delivery>, StoreError> {
        let Ok(no) = DeliveryNo::new(no) else { return Ok(None) };
        let found = self.deliveries.find(&no).await?;
        Ok(found.filter(|delivery| caller.person.owns(&delivery.person)))
    }

    async fn own_subject(
        &self,
        owners: &[PersonId],
        input: &SubjectInput,
    ) -> Result<Parcel, RequestDeliveryError> {
        use RequestDeliveryError as E;
        match input {
            SubjectInput::Case(no) => {
                let no = CaseNo::new(no.trim()).or(Err(E::NotFound))?;
                let case = self.cases.find_own_case(owners, &no).await?.ok_or(E::NotFound)?;
                Ok(Parcel {
                    subject: DeliverySubject::Case(case.no),
                    sender: case.department,
                    content: case.title,
                    sendable: case.has_result,
                })
            }
            SubjectInput::Certificate(serial) => {
                if serial.len() > SERIAL_MAX {
                    return Err(E::NotFound);
                }
                let now = self.clock.now();
                let found = self.cases.find_own_certificate(owners, serial.trim(), now).await?;
                let found = found.ok_or(E::NotFound)?;
                Ok(Parcel {
                    subject: DeliverySubject::Certificate(found.serial),
                    sender: found.issuer,
                    content: found.title,
                    sendable: found.sendable,
                })
            }
        }
    }

    fn checked(
        &self,
        catalogue: &Catalogue,
        input: &DeliveryInput,
    ) -> Result<Wanted, Vec<DeliveryFault>> {
        let mut faults = Vec::new();
        let mut fault = |part, message| faults.push(DeliveryFault { part, message });
        let today = beijing_day(self.clock.now());
        let region = RegionCode::new(&input.region).ok();
        let region = region.filter(|code| catalogue.regions().find(code, today).is_some());
        if region.is_none() {
            fault(DeliveryPart::Region, "没有这个地区");
        }
        let detail = input.detail.trim();
        if !is_text(detail, 4, DETAIL_MAX) {
            fault(DeliveryPart::Detail, "请填写4至120个字的详细地址");
        }
        let name = input.recipient.trim();
        if !is_text(name, 1, NAME_MAX) {
            fault(DeliveryPart::Recipient, "请填写收件人姓名，最多30个字");
        }
        let phone = Mobile::new(input.phone.trim()).ok();
        if phone.is_none() {
            fault(DeliveryPart::Phone, "请填写11位手机号码");
        }
        let key = IdempotencyKey::new(&input.key).ok();
        if key.is_none() {
            fault(DeliveryPart::Key, "应为8至64个字母、数字、_或-");
        }
        let whole = region.zip(phone).zip(key).filter(|_| faults.is_empty());
        let ((region, phone), key) = whole.ok_or(faults)?;
        Ok(Wanted {
            address: Address { region, detail: detail.to_owned() },
            recipient: Recipient { name: name.to_owned(), phone },
            key,
        })
    }
}

fn is_text(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

/// The delivery that the key stands for, if it is the one that is wanted now.
fn same(
    known: Delivery,
    subject: &DeliverySubject,
    wanted: &Wanted,
) -> Result<Delivery, RequestDeliveryError> {
    let same = known.subject == *subject
        && known.address == wanted.address
        && known.recipient == wanted.recipient;
    if same { Ok(known) } else { Err(RequestDeliveryError::KeyReused) }
}
