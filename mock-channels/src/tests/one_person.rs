//! Every department speaks of the same person: what one says of somebody's employer, wage, car,
//! home and child is what all others say.

use serde_json::{Value, json};

use super::Bench;

/// What a citizen is asked with, for one department after the other.
struct Person<'a> {
    bench: &'a Bench,
    facts: Value,
}

impl Person<'_> {
    fn subject(&self) -> Value {
        json!({"name": self.facts["name"], "idCard": self.facts["idCard"]})
    }

    fn paper(&self, name: &str) -> &Value {
        &self.facts["papers"][name]
    }

    async fn rows(&self, operation: &str, parameters: Value) -> Vec<Value> {
        let answer = self.bench.asks(operation, self.subject(), parameters).await;
        assert_eq!(answer["code"], "OK", "{operation}: {answer}");
        let rows = answer["rows"].as_array().unwrap().clone();
        assert!(!rows.is_empty(), "{operation} does not know {}", self.facts["citizenId"]);
        rows
    }

    async fn employer_and_wage(&self) {
        let region = json!({"region": "330000"});
        let insured = self.rows("social_insurance.personal", region).await.remove(0);
        let city = insured["insured_no"].is_string();
        assert!(city);
        let centre = json!({"centre": self.city()});
        let fund = self.rows("housing_fund.personal", centre).await.remove(0);
        let period = json!({"period_from": "2026-01", "period_to": "2026-02"});
        let year = json!({"graduation_year": "2016"});
        let dispatched = self.rows("education.graduate_dispatch", year).await.remove(0);
        assert_eq!(fund["unit"], insured["unit"]);
        assert_eq!(dispatched["unit"], insured["unit"]);
        assert_eq!(fund["base_fen"], insured["base_fen"]);
        for month in self.rows("local_tax.income_tax", period).await {
            assert_eq!(month["withholder"], insured["unit"]);
            assert_eq!(month["income_fen"], insured["base_fen"]);
        }
        // 8 % of the base a month to the pension account, 24 % to the fund, for as many months.
        let (months, base) = (number(&insured["months"]), number(&insured["base_fen"]));
        assert_eq!(number(&insured["account_balance_fen"]), base * 8 / 100 * months);
        assert_eq!(number(&fund["monthly_fen"]), base * 12 / 100 * 2);
        assert_eq!(number(&fund["balance_fen"]), base * 12 / 100 * months);
    }

    fn city(&self) -> &str {
        let house = self.facts["house"].as_str().unwrap();
        house.split_once('市').unwrap().0
    }

    async fn car(&self) {
        let car = &self.facts["vehicles"][0];
        let (plate, tail) = (&car["plateNo"], car["vinTail"].as_str().unwrap());
        let asked = json!({"plate_no": plate, "plate_kind": "02", "vin_tail": tail});
        let violations = self.rows("traffic.violations", asked).await;
        let place = violations[0]["place"].as_str().unwrap();
        assert!(place.starts_with(self.city()), "{place}: drives where they live");
        let vin = format!("LZWADAGA0FB{tail}");
        let repairs = json!({"plate_no": plate, "vin": vin});
        self.rows("transport.maintenance_records", repairs).await;
        for notice in violations.iter().filter(|row| row["notice_no"] != "") {
            let number = notice["notice_no"].as_str().unwrap();
            let at_gateway = self.bench.look(&format!("/notices/{number}")).await;
            assert_eq!(at_gateway["payer"], self.facts["name"]);
            let decision = json!({
                "decision_no": at_gateway["decisionNo"], "plate_no": plate,
                "party_name": self.facts["name"]
            });
            let fine = self.rows("traffic.fine", decision).await.remove(0);
            assert_eq!(fine["fine_fen"], notice["fine_fen"]);
        }
    }

    async fn home(&self) {
        let number = json!({"property_no": self.paper("property_no")});
        let fund = self.rows("construction.maintenance_fund", number).await.remove(0);
        assert!(fund["area"].as_str().unwrap().ends_with("平方米"));
        let (utilities, region) = (["水费", "电费", "燃气费"], self.region());
        for (utility, paper) in
            utilities.iter().zip(["water_account", "electricity_account", "gas_account"])
        {
            let account = self.paper(paper);
            let asked = json!({"utility": utility, "region": region, "account_no": account});
            let bill = self.rows("utilities.bills", asked).await.remove(0);
            let first: String = self.facts["name"].as_str().unwrap().chars().take(1).collect();
            assert!(bill["account_name"].as_str().unwrap().starts_with(&first));
        }
    }

    fn region(&self) -> &'static str {
        match self.city() {
            "杭州" => "330100",
            "宁波" => "330200",
            _ => "330300",
        }
    }

    async fn child(&self) {
        let child = &self.facts["child"];
        let born = json!({
            "certificate_no": self.paper("birth_certificate"), "mother_name": self.facts["name"],
            "birth_date": child["birth"]
        });
        let born = self.rows("health.birth_certificates", born).await.remove(0);
        assert_eq!(born["issue_date"], child["birth"]);
        let jabs = json!({
            "child_name": child["name"], "birth_date": child["birth"],
            "guardian_phone": self.facts["phone"], "vaccination_card_no": ""
        });
        self.rows("health.vaccinations", jabs).await;
        let pupil = json!({
            "region": self.region(), "school": "样例中学", "student_name": child["name"],
            "student_no": self.paper("student_no")
        });
        self.rows("education.tuition", pupil).await;
    }
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap()
}

#[actix_web::test]
async fn employer_wage_car_home_and_child_are_the_same_in_every_department() {
    let bench = Bench::start().await;
    for id in ["C00001", "C00002", "C00003"] {
        let facts = bench.look(&format!("/citizens/{id}")).await;
        let person = Person { bench: &bench, facts };
        person.employer_and_wage().await;
        person.car().await;
        person.home().await;
        person.child().await;
    }
    bench.mocks.stop().await;
}
