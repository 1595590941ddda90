//! Has a department certify something, once for one submission.

use super::super::outcome::shown;
use super::super::{Certification, ExchangeAnswer, Outcome};
use super::{Filed, SubmitApp, SubmitError, refused_or_silent};
use crate::casework::certificate::{Certificate, CertificateDraft, CertificateEntry, Holder};
use crate::catalogue::{AppDefinition, CertificateTerms};
use crate::identity::{Person, RealName};
use crate::ids::SubmissionNo;

impl SubmitApp {
    pub(super) async fn certify(
        &self,
        app: &AppDefinition,
        who: Option<&Person>,
        filed: &Filed<'_>,
        asked: Certification,
    ) -> Result<Outcome, SubmitError> {
        let person = who.ok_or(SubmitError::NotSignedIn)?;
        let no = self.claim(person, filed).await?;
        let certificate = match self.certificates.issued(&no).await? {
            Some(known) => known,
            None => self.certified(app, person, no, asked).await?,
        };
        // Also for a repeat: whoever died in between has not sent it yet.
        if certificate.post.is_some()
            && let Some(post) = &self.certificate_post
        {
            post.send(person, &certificate).await?;
        }
        Ok(Outcome::Certificate(Box::new(certificate)))
    }

    async fn certified(
        &self,
        app: &AppDefinition,
        person: &Person,
        no: SubmissionNo,
        asked: Certification,
    ) -> Result<Certificate, SubmitError> {
        let Certification { mut call, post, terms } = asked;
        call.parameters.push(("request_no".to_owned(), no.as_str().to_owned()));
        let answer = self.exchange.call(&call).await;
        let answer = answer.map_err(|error| refused_or_silent(app, error))?;
        let nothing = || SubmitError::Refused {
            message: format!("{}没有可以出具证明的记录，本次未出具证明", app.department),
        };
        let (rows, holder) = content(app, &terms, person, &answer).ok_or_else(nothing)?;
        let draft = CertificateDraft {
            submission: no,
            person: person.id.clone(),
            app: app.slug.clone(),
            title: terms.title,
            issuer: answer.source,
            seal: terms.seal,
            validity: terms.validity,
            holder,
            rows,
            post,
            as_of: answer.as_of,
        };
        Ok(self.certificates.run(draft).await?)
    }
}

/// What the department said, and of whom; `None` where it said nothing.
fn content(
    app: &AppDefinition,
    terms: &CertificateTerms,
    person: &Person,
    answer: &ExchangeAnswer,
) -> Option<(Vec<Vec<CertificateEntry>>, Holder)> {
    let entries = |row| {
        let fields = shown(app, row).into_iter();
        let entry = fields.map(|field| CertificateEntry {
            key: field.name,
            label: field.label.zh,
            value: field.value,
        });
        entry.collect::<Vec<_>>()
    };
    let rows: Vec<Vec<CertificateEntry>> = answer.rows.iter().map(entries).collect();
    let first = rows.first()?;
    let holder = match &terms.holder {
        Some(key) => {
            let named = first.iter().find(|entry| entry.key == *key);
            let name = named.map(|entry| entry.value.clone()).filter(|name| !name.is_empty())?;
            Holder::Body { name }
        }
        None => {
            let RealName { name, id_card, checked_at: _ } = person.real_name.clone()?;
            Holder::Person { name, id_card }
        }
    };
    Some((rows, holder))
}
