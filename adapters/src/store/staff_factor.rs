//! The second factor of staff: sealed secrets, codes that are used once, wrong ones counted under a lock of the row.

use super::column::{Row, micros};
use super::entity::staff_factor;
use super::personal_data::Place;
use super::{Store, unavailable};
use crate::crypto::same;
use crate::totp;
use async_trait::async_trait;
use domain::clock::IdSource;
use domain::identity::{AuditRecord, FactorAnswer, SecondFactor};
use domain::outside::StoreError;
use jiff::{SignedDuration, Timestamp};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect};

/// So many wrong codes in [`WITHIN`], and the account waits: of a million codes three count at a time, so a guesser who has the
/// password needs years, and somebody with thick fingers never waits.
const MAX_WRONG: i64 = 10;
/// See [`MAX_WRONG`].
const WITHIN: SignedDuration = SignedDuration::from_mins(15);

fn place(name: &str) -> Place<'_> {
    Place { table: "staff_factor", column: "secret", row: name }
}

impl Store {
    /// Gives the account a new secret in place of any other; answers it as base32.
    ///
    /// # Errors
    /// [`StoreError`]; nothing was changed.
    pub async fn enrol(
        &self,
        name: &str,
        ids: &dyn IdSource,
        audit: &AuditRecord,
    ) -> Result<String, StoreError> {
        use staff_factor::Column as C;
        let secret = totp::base32(&ids.random_bytes()[..totp::SECRET_LEN]);
        let row = staff_factor::Model {
            name: name.to_owned(),
            secret: self.keys.seal(place(name), &secret)?,
            last_step: 0,
            wrong: 0,
            wrong_since: 0,
        };
        let transaction = self.begin().await?;
        let newer = OnConflict::column(C::Name)
            .update_columns([C::Secret, C::LastStep, C::Wrong, C::WrongSince])
            .to_owned();
        let insert = staff_factor::Entity::insert(row.into_active_model()).on_conflict(newer);
        insert.exec_without_returning(&transaction).await.map_err(unavailable)?;
        super::audit::append(&transaction, audit).await?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(secret)
    }
}

#[async_trait]
impl SecondFactor for Store {
    async fn check(
        &self,
        name: &str,
        code: &str,
        now: Timestamp,
    ) -> Result<FactorAnswer, StoreError> {
        let transaction = self.begin().await?;
        let row = staff_factor::Entity::find_by_id(name).lock_exclusive().one(&transaction).await;
        let Some(row) = row.map_err(unavailable)? else { return Ok(FactorAnswer::NotEnrolled) };
        let at = Row { table: "staff_factor", key: name };
        let over = at.time("wrong_since", row.wrong_since)?.checked_add(WITHIN);
        let counts = over.is_ok_and(|over| now < over);
        if counts && row.wrong >= MAX_WRONG {
            return Ok(FactorAnswer::TooOften);
        }
        let secret = self.keys.open(place(name), &row.secret)?;
        let secret = at.some("secret", from_base32(&secret))?;
        let step = totp::step_at(now);
        // One step either way: clocks differ, and people type slowly. What was used is over, and whatever was before it.
        let found = (step - 1..=step + 1)
            .filter(|step| same(totp::code(&secret, *step).as_bytes(), code.as_bytes()))
            .find(|step| *step > row.last_step);
        let change = match found {
            Some(step) => staff_factor::ActiveModel {
                last_step: Set(step),
                wrong: Set(0),
                ..staff_factor::ActiveModel::default()
            },
            None => staff_factor::ActiveModel {
                wrong: Set(if counts { row.wrong + 1 } else { 1 }),
                wrong_since: Set(if counts { row.wrong_since } else { micros(now) }),
                ..staff_factor::ActiveModel::default()
            },
        };
        let update = staff_factor::Entity::update_many().set(change);
        let update = update.filter(staff_factor::Column::Name.eq(name));
        update.exec(&transaction).await.map_err(unavailable)?;
        transaction.commit().await.map_err(unavailable)?;
        Ok(if found.is_some() { FactorAnswer::Right } else { FactorAnswer::Wrong })
    }
}

fn from_base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for letter in text.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => return None,
        };
        held = (held << 5 | u32::from(value)) & 0x000f_ffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_come_back() {
        let secret: Vec<u8> = (0..20_u8).map(|byte| byte.wrapping_mul(37)).collect();
        assert_eq!(from_base32(&totp::base32(&secret)), Some(secret));
        assert_eq!(from_base32("A1"), None);
    }
}
