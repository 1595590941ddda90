//! A person and what they have proved.

use crate::ids::PersonId;
use crate::outside::StoreError;
use crate::standards::{CitizenId, Mobile};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt;

/// The way by which somebody reaches us (接入渠道).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// The native app.
    App,
    /// The WeChat mini-program.
    WeChat,
    /// The Alipay mini-program.
    Alipay,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 3] = [Self::App, Self::WeChat, Self::Alipay];

    /// The word of headers, files and columns.
    pub const fn code(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::WeChat => "wechat",
            Self::Alipay => "alipay",
        }
    }

    /// The channel whose [`Channel::code`] is `code`.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.code() == code)
    }
}

/// What the citizen has proved: nothing, a phone, a name, a face. Each includes the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IdentityLevel {
    /// Nothing.
    Anonymous,
    /// Holds a phone number.
    Phone,
    /// Name and id card agree with public security's register.
    RealName,
    /// And the face is that of the id card.
    Face,
}

/// Whom an app serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Audience {
    /// Natural persons.
    Person,
    /// Legal persons, through somebody authorised.
    LegalPerson,
}

/// A natural person's name, 1 to 50 characters, no control characters. `Debug` masks it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PersonName(String);

/// Not a name: empty, too long, or with control characters.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a person's name")]
pub struct NameInvalid;

impl PersonName {
    /// # Errors
    /// [`NameInvalid`] as said on the type; spaces around are cut off first.
    pub fn new(text: &str) -> Result<Self, NameInvalid> {
        let text = text.trim();
        let fits = (1..=50).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(NameInvalid) }
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For the screen: the first character stays, the rest becomes `*`.
    pub fn masked(&self) -> String {
        let hidden = self.0.chars().skip(1).map(|_| '*');
        self.0.chars().take(1).chain(hidden).collect()
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// A platform's id of one user of one of our apps there: 1 to 128 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpenId(String);

/// Empty, too long, or not printable ASCII.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an open id")]
pub struct OpenIdInvalid;

impl OpenId {
    /// # Errors
    /// [`OpenIdInvalid`] as said on the type.
    pub fn new(text: &str) -> Result<Self, OpenIdInvalid> {
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err(OpenIdInvalid) }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A name and an id card that public security's register confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RealName {
    /// As on the id card.
    pub name: PersonName,
    /// GB 11643.
    pub id_card: CitizenId,
    /// When it was confirmed.
    pub checked_at: Timestamp,
}

/// One account, whatever the channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Ours, opaque.
    pub id: PersonId,
    /// Proved by a platform or by a one-time code.
    pub phone: Option<Mobile>,
    /// When it was proved first; `None` also for a phone from before this was kept.
    pub phone_checked_at: Option<Timestamp>,
    /// Proved against the register.
    pub real_name: Option<RealName>,
    /// When the face was last proved to be that of [`Person::real_name`].
    pub face_checked_at: Option<Timestamp>,
    /// First sign-in.
    pub created_at: Timestamp,
    /// The older account that this one turned out to be; then nobody signs in to it any more.
    pub merged_into: Option<PersonId>,
    /// Accounts that turned out to be this person: what stands under their ids is theirs.
    pub former_ids: Vec<PersonId>,
    /// Grows with every save; guards against lost updates.
    pub version: u32,
}

impl Person {
    /// Somebody new, who has proved nothing yet.
    pub fn new(id: PersonId, created_at: Timestamp) -> Self {
        let (phone, phone_checked_at, real_name, face_checked_at) = (None, None, None, None);
        let (merged_into, former_ids) = (None, Vec::new());
        Self {
            id,
            phone,
            phone_checked_at,
            real_name,
            face_checked_at,
            created_at,
            merged_into,
            former_ids,
            version: 0,
        }
    }

    /// The most accounts that one person can absorb.
    pub const MAX_FORMER: usize = 8;

    /// Is what stands under this id the person's own?
    pub fn owns(&self, owner: &PersonId) -> bool {
        self.id == *owner || self.former_ids.contains(owner)
    }

    /// The ids under which something of the person can stand, the present one first.
    pub fn ids(&self) -> Vec<PersonId> {
        std::iter::once(&self.id).chain(&self.former_ids).cloned().collect()
    }

    /// The highest level proved.
    pub fn level(&self) -> IdentityLevel {
        match (&self.real_name, self.face_checked_at, &self.phone) {
            (Some(_), Some(_), _) => IdentityLevel::Face,
            (Some(_), None, _) => IdentityLevel::RealName,
            (None, _, Some(_)) => IdentityLevel::Phone,
            (None, _, None) => IdentityLevel::Anonymous,
        }
    }
}

/// "This user of that platform is this person."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelLink {
    /// Which platform.
    pub channel: Channel,
    /// Our app there.
    pub app_id: String,
    /// The user there.
    pub open_id: OpenId,
    /// The user across all our apps there, where the platform tells; never a key.
    pub union_id: Option<OpenId>,
    /// Who it is.
    pub person: PersonId,
    /// Since when.
    pub linked_at: Timestamp,
}

impl ChannelLink {
    /// The most links of one person.
    pub const MAX: usize = 20;
}

/// Persons and their links.
#[async_trait]
pub trait PersonStore: Send + Sync {
    /// Stores a new person with their first link. MUST answer [`StoreError::Conflict`], and
    /// store neither, when the link exists.
    async fn insert(&self, person: &Person, link: &ChannelLink) -> Result<(), StoreError>;
    /// Replaces the person whose stored version is `person.version`, and stores version + 1.
    /// MUST answer [`StoreError::Conflict`] on another version, or when another person has
    /// proved the same id card.
    async fn update(&self, person: &Person) -> Result<(), StoreError>;
    /// The person with this id.
    async fn find(&self, id: &PersonId) -> Result<Option<Person>, StoreError>;
    /// The persons with these ids. One by one, unless a store knows better.
    async fn find_all(&self, ids: &[PersonId]) -> Result<BTreeMap<PersonId, Person>, StoreError> {
        let mut found = BTreeMap::new();
        for id in ids {
            found.extend(self.find(id).await?.map(|person| (id.clone(), person)));
        }
        Ok(found)
    }
    /// The person who proved this id card.
    async fn find_by_id_card(&self, id_card: &CitizenId) -> Result<Option<Person>, StoreError>;
    /// The link of this user of that platform.
    async fn find_link(
        &self,
        channel: Channel,
        app_id: &str,
        open_id: &OpenId,
    ) -> Result<Option<ChannelLink>, StoreError>;
    /// The open id that a phone has in links of the native app: nobody else can compute it, and
    /// the phone cannot be read from it.
    fn phone_handle(&self, phone: &Mobile) -> OpenId;
    /// All links of one person, oldest first; at most [`ChannelLink::MAX`].
    async fn list_links(&self, person: &PersonId) -> Result<Vec<ChannelLink>, StoreError>;
}

/// The person who has this account now: the older one, where it was merged.
///
/// # Errors
/// As the store fails.
pub async fn living(
    persons: &dyn PersonStore,
    id: &PersonId,
) -> Result<Option<Person>, StoreError> {
    let found = persons.find(id).await?;
    match found.as_ref().and_then(|person| person.merged_into.as_ref()) {
        // Stores keep every pointer at a living person, so one step is all there is.
        Some(elder) => persons.find(elder).await,
        None => Ok(found),
    }
}

/// The same of several at once, by the ids that were asked for.
///
/// # Errors
/// As the store fails.
pub async fn all_living(
    persons: &dyn PersonStore,
    ids: &[PersonId],
) -> Result<BTreeMap<PersonId, Person>, StoreError> {
    let mut found = persons.find_all(ids).await?;
    let merged: Vec<_> = found.values().filter_map(|person| person.merged_into.clone()).collect();
    if merged.is_empty() {
        return Ok(found);
    }
    let elders = persons.find_all(&merged).await?;
    for person in found.values_mut() {
        let elder = person.merged_into.as_ref().and_then(|elder| elders.get(elder));
        if let Some(elder) = elder.cloned() {
            *person = elder;
        }
    }
    Ok(found)
}
