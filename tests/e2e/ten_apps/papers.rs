//! Those of the ten that give a paper or a place: certificates, one of them by post, and a doctor.

use super::{Walk, Way, text, value};
use serde_json::{Value, json};
use tests::citizen::codes;
use tests::levers::{Http, eventually};
use tests::scenarios::booking::{answers_of, changes, chosen, definition, submits, waits};

const CERTIFICATE: &str = "outcome{... on Certificate{serialNo authorisationCode status byPost \
     pdfUrl rows{fields{name value}} deliveries{status}}}";

impl Walk<'_> {
    fn me(&self) -> [Value; 2] {
        let facts = &self.citizen.facts;
        [text("name", &facts["name"]), text("id_card", &facts["idCard"])]
    }

    /// The payload of an app that certifies.
    async fn asks_for_a_paper(&self, slug: &str, answers: &[Value]) -> Value {
        let answers = [&self.me()[..], answers].concat();
        let input = json!({
            "app": slug, "formVersion": definition(slug).form_version,
            "answers": answers, "idempotencyKey": format!("paper-{slug}"),
        });
        self.citizen.mutation("submitApp", "SubmitAppInput", CERTIFICATE, &input).await
    }

    /// Where the app is offered: the paper, genuine for whoever has its code, and a file; the same
    /// for the second click. Where it is not, the refusal says so.
    async fn certifies(&self, slug: &str, answers: &[Value]) -> Option<Value> {
        let issued = self.asks_for_a_paper(slug, answers).await;
        if !self.offers(slug) {
            assert_eq!(codes(&issued), ["APP_NOT_OPEN"], "{slug} on {:?}: {issued}", self.way);
            return None;
        }
        let paper = issued["outcome"].clone();
        assert_eq!(paper["status"], "VALID", "{slug} on {:?}: {issued}", self.way);
        let again = self.asks_for_a_paper(slug, answers).await["outcome"].clone();
        assert_eq!(again["serialNo"], paper["serialNo"], "the second click");
        let query = "query($s:String!,$c:String!){verifyCertificate(serialNo:$s,\
                     authorisationCode:$c){status}}";
        let variables = json!({ "s": paper["serialNo"], "c": paper["authorisationCode"] });
        let seen = self.citizen.anonymous().ask(query, variables).await;
        assert_eq!(seen["data"]["verifyCertificate"]["status"], "VALID", "{seen}");
        let url = paper["pdfUrl"].as_str().unwrap();
        let (status, _, pdf) = Http::default().fetch(url, &[]).await;
        assert!(status == 200 && pdf.starts_with(b"%PDF"), "{slug}: {status}");
        Some(paper)
    }

    /// The record, and a certificate that says the same.
    pub(super) async fn social_insurance(&self) {
        let mut answers = self.me().to_vec();
        answers.push(text("region", &json!("330000")));
        let record = self.submits("personal_social_insurance", json!(answers), None).await;
        let months = json!({ "name": "months", "value": { "choice": "12" } });
        let asked = [text("region", &json!("330000")), months];
        if let Some(paper) = self.certifies("insured_certificate", &asked).await {
            for key in ["unit", "months"] {
                assert_eq!(value(&paper["rows"][0], key), value(&record["rows"][0], key));
            }
        }
    }

    /// The account, of the same employer as the record of the insured.
    pub(super) async fn housing_fund(&self) {
        let house = self.citizen.facts["house"].as_str().unwrap();
        let city = house.split_once('市').unwrap().0;
        let mut asked = self.me().to_vec();
        asked.push(json!({ "name": "centre", "value": { "choice": city } }));
        let fund = self.submits("housing_fund_query", json!(asked), None).await;
        let mut asked = self.me().to_vec();
        asked.push(text("region", &json!("330000")));
        let record = self.submits("personal_social_insurance", json!(asked), None).await;
        for key in ["unit", "base_fen"] {
            assert_eq!(value(&record["rows"][0], key), value(&fund["rows"][0], key));
        }
        assert_eq!(value(&fund["rows"][0], "status"), "正常");
        assert!(!value(&fund["rows"][0], "records").is_empty(), "every deposit: {fund}");
    }

    /// On paper, which a carrier brings.
    pub(super) async fn ownership_by_post(&self) {
        let choice = |name: &str, word: &str| json!({ "name": name, "value": { "choice": word } });
        let asked = [
            text("region", &json!("330000")),
            choice("delivery", "邮政速递"),
            text("address_region", &json!("330106")),
            text("address", &json!("样例路1号2幢301室")),
            text("phone", &self.citizen.facts["phone"]),
            choice("purpose", "落户"),
        ];
        let Some(paper) = self.certifies("property_ownership_certificate", &asked).await else {
            return;
        };
        assert_eq!(paper["byPost"], true, "{paper}");
        assert_eq!(paper["deliveries"].as_array().map(Vec::len), Some(1), "one parcel: {paper}");
        assert_eq!(paper["deliveries"][0]["status"], "ORDERED", "{paper}");
        eventually("the carrier has it", || async {
            let parcels = self.app.levers.look("express").await["parcels"].clone();
            (parcels.as_array()?.len() == 1).then_some(())
        })
        .await;
    }

    /// The taxes of a year.
    pub(super) async fn taxes_paid(&self) {
        let asked = [
            json!({ "name": "tax_kind", "value": { "choice": "个人所得税" } }),
            text("period_from", &json!("2025-01")),
            text("period_to", &json!("2025-12")),
        ];
        if let Some(paper) = self.certifies("tax_paid_certificate", &asked).await {
            assert!(value(&paper["rows"][0], "amount_fen").starts_with('¥'), "{paper}");
        }
    }

    /// Held, confirmed, known to the hospital, and given back.
    pub(super) async fn a_doctor(&self) {
        let (citizen, app) = (&self.citizen, definition("hospital_appointment"));
        let answers = answers_of(&app, &citizen.facts);
        let answers = chosen(citizen, &app, &answers).await.unwrap();
        let held = submits(citizen, &app, None, &answers, "doctor-key-1").await;
        let held = held["data"]["submitApp"]["outcome"].clone();
        assert_eq!((&held["status"], &held["price"]["fen"]), (&json!("HELD"), &json!(1_000)));
        let no = held["bookingNo"].as_str().unwrap();
        let confirmed = changes(citizen, "confirmBooking", no, None).await;
        assert_eq!(confirmed["booking"]["status"], "CONFIRMED", "{confirmed}");
        waits(citizen, no, "its number", |booking| booking["departmentNo"].is_string()).await;
        let cancelled = changes(citizen, "cancelBooking", no, None).await;
        assert_eq!(cancelled["booking"]["status"], "CANCELLED", "{cancelled}");
    }

    /// Whether the catalogue has the app on this channel.
    pub(super) fn offers(&self, slug: &str) -> bool {
        let channel = match self.way {
            Way::WeChat => domain::identity::Channel::WeChat,
            Way::Alipay => domain::identity::Channel::Alipay,
            Way::App => domain::identity::Channel::App,
        };
        definition(slug).channels.contains(&channel)
    }
}
