//! Rows of cases.

use super::Store;
use super::case_json::{ApplicationJson, ReportJson, SupplementJson, read, write};
use super::column::{Row, micros, without_nul};
use super::entity::{case_event, case_file};
use super::kept_forms::form_of;
use super::personal_data::Place;
use domain::casework::case::{Case, CaseRecord, CaseState, Errand};
use domain::catalogue::AppDefinition;
use domain::ids::{CaseNo, PersonId, SubmissionNo};
use domain::outside::StoreError;
use std::collections::BTreeMap;
use std::sync::Arc;

const TABLE: &str = "case_file";

fn place<'a>(column: &'static str, row: &'a str) -> Place<'a> {
    Place { table: TABLE, column, row }
}

fn errand_code(errand: &Errand) -> &'static str {
    match errand {
        Errand::File => "FILE",
        Errand::Supplement { .. } => "SUPPLEMENT",
        Errand::TakeBack => "TAKE_BACK",
    }
}

impl Store {
    pub(super) fn case_row(
        &self,
        case: &Case,
        form_digest: String,
    ) -> Result<case_file::Model, StoreError> {
        let no = case.no.as_str();
        let seal = |column, text: &str| self.keys.seal(place(column, no), text);
        let supplement = match &case.errand {
            Some(Errand::Supplement { number, parameters }) => {
                let json = SupplementJson { number: *number, parameters: parameters.clone() };
                Some(seal("supplement", &write(&json)?)?)
            }
            Some(Errand::File | Errand::TakeBack) | None => None,
        };
        Ok(case_file::Model {
            no: no.to_owned(),
            submission_no: case.submission.as_str().to_owned(),
            person_id: case.person.as_str().to_owned(),
            app: case.form.slug.as_str().to_owned(),
            form_digest,
            application: seal("application", &write(&ApplicationJson::of(&case.application))?)?,
            state: case.state.code().to_owned(),
            step: i64::from(case.step),
            holder: without_nul(&case.holder),
            department_no: case.department_no.as_deref().map(without_nul),
            promised_on: case.promised_on.to_string(),
            asked_on: case.asked_on.map(|day| day.to_string()),
            report: seal("report", &write(&ReportJson::of(case))?)?,
            created_at: micros(case.created_at),
            heard_at: case.heard_at.map(micros),
            decided_at: case.decided_at.map(micros),
            ended_at: case.ended_at.map(micros),
            errand: case.errand.as_ref().map(|errand| errand_code(errand).to_owned()),
            supplement,
            due_at: case.due_at.map(micros),
            attempts: i64::from(case.attempts),
            version: i64::from(case.version),
        })
    }

    pub(super) fn case_of(
        &self,
        row: &case_file::Model,
        forms: &BTreeMap<String, Arc<AppDefinition>>,
    ) -> Result<Case, StoreError> {
        let at = Row { table: TABLE, key: &row.no };
        let open = |column, sealed: &str| self.keys.open(place(column, &row.no), sealed);
        let application: Option<ApplicationJson> = read(&open("application", &row.application)?);
        let application = application.and_then(ApplicationJson::into_application);
        let report: ReportJson = at.some("report", read(&open("report", &row.report)?))?;
        let case = Case {
            no: at.valid("no", CaseNo::new(&row.no))?,
            submission: at.valid("submission_no", SubmissionNo::new(&row.submission_no))?,
            person: at.valid("person_id", PersonId::new(&row.person_id))?,
            form: form_of(at, &row.form_digest, forms)?,
            application: at.some("application", application)?,
            state: at.some("state", CaseState::from_code(&row.state))?,
            step: at.valid("step", u16::try_from(row.step))?,
            holder: row.holder.clone(),
            department_no: row.department_no.clone(),
            promised_on: at.day("promised_on", &row.promised_on)?,
            asked_on: row.asked_on.as_deref().map(|day| at.day("asked_on", day)).transpose()?,
            facts: report.facts(),
            wanted: report.wanted,
            created_at: at.time("created_at", row.created_at)?,
            heard_at: at.time_if_any("heard_at", row.heard_at)?,
            decided_at: at.time_if_any("decided_at", row.decided_at)?,
            ended_at: at.time_if_any("ended_at", row.ended_at)?,
            errand: self.errand_of(at, row)?,
            due_at: at.time_if_any("due_at", row.due_at)?,
            attempts: at.count("attempts", row.attempts)?,
            version: at.count("version", row.version)?,
        };
        if case.terms().is_some() && case.state.is_over() == case.ended_at.is_some() {
            Ok(case)
        } else {
            Err(at.corrupt("state"))
        }
    }

    fn errand_of(&self, at: Row<'_>, row: &case_file::Model) -> Result<Option<Errand>, StoreError> {
        match (row.errand.as_deref(), &row.supplement) {
            (None, None) => Ok(None),
            (Some("FILE"), None) => Ok(Some(Errand::File)),
            (Some("TAKE_BACK"), None) => Ok(Some(Errand::TakeBack)),
            (Some("SUPPLEMENT"), Some(sealed)) => {
                let json = self.keys.open(place("supplement", &row.no), sealed)?;
                let json: SupplementJson = at.some("supplement", read(&json))?;
                Ok(Some(Errand::Supplement { number: json.number, parameters: json.parameters }))
            }
            (Some(_), _) | (None, Some(_)) => Err(at.corrupt("errand")),
        }
    }

    pub(super) fn case_event_row(
        &self,
        no: &CaseNo,
        number: i64,
        record: &CaseRecord,
    ) -> Result<case_event::Model, StoreError> {
        let key = format!("{no}:{number}");
        let place = Place { table: "case_event", column: "words", row: &key };
        Ok(case_event::Model {
            case_no: no.as_str().to_owned(),
            number,
            at: micros(record.at),
            state: record.state.code().to_owned(),
            holder: without_nul(&record.holder),
            words: self.keys.seal(place, &record.words)?,
        })
    }

    pub(super) fn case_record_of(&self, row: &case_event::Model) -> Result<CaseRecord, StoreError> {
        let key = format!("{}:{}", row.case_no, row.number);
        let at = Row { table: "case_event", key: &key };
        let place = Place { table: "case_event", column: "words", row: &key };
        Ok(CaseRecord {
            at: at.time("at", row.at)?,
            state: at.some("state", CaseState::from_code(&row.state))?,
            holder: row.holder.clone(),
            words: self.keys.open(place, &row.words)?,
        })
    }
}
