//! The apps that citizens use most, walked from signing in to the end, on every channel that
//! offers them.

mod papers;

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::Citizen;
use tests::levers::eventually;
use tests::scenarios::{proves_face, proves_name};

/// From where a citizen comes, and by which rail they pay there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    WeChat,
    Alipay,
    App,
}

const OUTCOME: &str = "outcome{__typename \
     ... on LookupResult{source asOf stale rows{fields{name value} notice{noticeNo status total{fen}}}} \
     ... on PaymentDue{source asOf nothingDue rows{fields{name value}} \
         notices{noticeNo status total{fen} items{name}}}}";

/// A citizen on their channel.
struct Walk<'a> {
    app: &'a TestApp,
    way: Way,
    citizen: Citizen,
}

impl<'a> Walk<'a> {
    async fn begins(app: &'a TestApp, way: Way) -> Self {
        let (base, levers) = (&app.node.base_url, &app.levers);
        let facts = levers.citizen().await;
        let citizen = match way {
            Way::WeChat => Citizen::signs_in(base, levers, facts).await,
            Way::Alipay => Citizen::signs_in_at_alipay(base, levers, facts).await,
            Way::App => Citizen::signs_in_by_phone(base, levers, facts).await,
        };
        Self { app, way, citizen }
    }

    /// What comes of the app; it must be open here.
    async fn submits(&self, slug: &str, answers: Value, key: Option<&str>) -> Value {
        let input = json!({
            "app": slug, "region": "330100", "formVersion": 1, "answers": answers,
            "idempotencyKey": key,
        });
        let done = self.citizen.mutation("submitApp", "SubmitAppInput", OUTCOME, &input).await;
        assert_eq!(done["userErrors"], json!([]), "{slug} on {:?}: {done}", self.way);
        done["outcome"].clone()
    }

    /// Pays on the channel's own rail; the payment's number.
    async fn pays(&self, notice: &Value) -> String {
        let (no, fen) = (notice["noticeNo"].as_str().unwrap(), notice["total"]["fen"].as_i64());
        let mut wish = Citizen::wish(no, fen.unwrap(), &format!("key-{no}"));
        let rail = match self.way {
            Way::WeChat => "WECHAT_PAY",
            Way::Alipay => "ALIPAY",
            Way::App => "UNIONPAY",
        };
        wish["rail"] = rail.into();
        let started = self.citizen.starts(&wish).await;
        assert_eq!(started["userErrors"], json!([]), "{started}");
        let payment_no = started["payment"]["paymentNo"].as_str().unwrap().to_owned();
        let path = match self.way {
            Way::WeChat => format!("orders/{payment_no}/approve"),
            Way::Alipay => format!("alipay/trades/{payment_no}/approve"),
            Way::App => format!("unionpay/orders/{payment_no}/approve"),
        };
        self.app.levers.pull(&path, json!({})).await;
        payment_no
    }

    /// Violations, the fine of one of them, its payment, its receipt; and what is said afterwards.
    async fn violations_and_their_fines(&self) {
        let car = self.citizen.vehicle_answers();
        let found = self.submits("traffic_violation_query", car.clone(), None).await;
        let rows = found["rows"].as_array().unwrap();
        let owed = rows.iter().find(|row| !row["notice"].is_null()).expect("a fine");
        assert_eq!((value(owed, "handled"), value(owed, "paid")), ("是", "否"));
        let notice = &owed["notice"];
        let decision = self.app.levers.gateway_notice(notice["noticeNo"].as_str().unwrap()).await;
        let by_decision = json!([text("decision_no", &decision["decisionNo"])]);
        let due =
            self.submits("traffic_fine_payment", by_decision.clone(), Some("fine-before")).await;
        assert_eq!(due["notices"][0]["noticeNo"], notice["noticeNo"], "{due}");
        assert_eq!(due["notices"][0]["total"], notice["total"]);

        let payment_no = self.pays(notice).await;
        let payment = self.citizen.waits_for_receipt(&payment_no).await;
        let receipt = &payment["receipts"][0];
        assert_eq!(receipt["amount"], notice["total"], "{payment}");
        assert!(
            receipt["payer"].is_null(),
            "a name that was not proved is on no receipt: {payment}"
        );

        let after = self.submits("traffic_violation_query", car, None).await;
        let rows = after["rows"].as_array().unwrap();
        let paid = rows.iter().find(|row| row["notice"]["noticeNo"] == notice["noticeNo"]);
        assert_eq!(value(paid.unwrap_or_else(|| panic!("{notice}: {rows:#?}")), "paid"), "是");
        let due = self.submits("traffic_fine_payment", by_decision, Some("fine-after")).await;
        assert_eq!(due["nothingDue"], "没有待缴款项", "{due}");
        assert_eq!(value(&due["rows"][0], "status"), "已缴款");
    }

    /// One order for one key, paid once, and then the ticket.
    async fn a_metro_ticket(&self) {
        let station = |name: &str, station: &str| text(name, &json!(station));
        let answers = json!([
            { "name": "line", "value": { "choice": "1号线" } },
            station("from_station", "龙翔桥"),
            station("to_station", "凤起路"),
            { "name": "count", "value": { "number": 3 } },
        ]);
        let order =
            async || self.submits("metro_ticket", answers.clone(), Some("metro-1-of-today")).await;
        let (first, again) = (order().await, order().await);
        assert_eq!(first["notices"], again["notices"]);
        assert_eq!(first["rows"], again["rows"]);
        let ticket = &first["rows"][0];
        assert_eq!((value(ticket, "status"), value(ticket, "pickup_code")), ("待支付", ""));
        let fen = first["notices"][0]["total"]["fen"].as_i64().unwrap();
        assert_eq!(value(ticket, "amount_fen"), format!("¥{}.00", fen / 100));
        let other = self.submits("metro_ticket", answers.clone(), Some("metro-2-of-today")).await;
        assert_ne!(other["notices"][0]["noticeNo"], first["notices"][0]["noticeNo"]);

        let payment_no = self.pays(&first["notices"][0]).await;
        eventually("the ticket's notice is written off", || async {
            let payment = self.citizen.payment(&payment_no).await;
            (payment["writeOff"] == "DONE").then_some(())
        })
        .await;
        let ticket = order().await;
        assert_eq!(ticket["notices"][0]["noticeNo"], first["notices"][0]["noticeNo"]);
        assert_eq!(ticket["notices"][0]["status"], "PAID", "{ticket}");
        assert_eq!(ticket["nothingDue"], "没有待缴款项");
        let row = &ticket["rows"][0];
        assert_eq!(value(row, "status"), "已出票");
        assert_eq!(value(row, "order_no"), value(&first["rows"][0], "order_no"));
        for key in ["pickup_code", "qr", "expire_at"] {
            assert!(!value(row, key).is_empty(), "{key}: {row}");
        }
    }

    async fn exam_results(&self) {
        let facts = &self.citizen.facts;
        let score = json!([
            { "name": "exam_year", "value": { "number": 2016 } },
            text("exam_no", &facts["papers"]["gaokao_no"]),
            text("id_card", &facts["idCard"]),
        ]);
        let score = self.submits("gaokao_score", score, None).await;
        assert_eq!(value(&score["rows"][0], "name"), facts["name"].as_str().unwrap());
    }

    async fn newborn_names(&self) {
        let namesakes = json!([text("name", &json!("沈若水"))]);
        let namesakes = self.submits("newborn_name_duplicates", namesakes, None).await;
        let count = |key| value(&namesakes["rows"][0], key).parse::<i64>().unwrap();
        assert_eq!(count("total"), count("male") + count("female"));
    }

    async fn licence_points(&self) {
        let facts = &self.citizen.facts;
        let points = json!([
            text("license_no", &facts["idCard"]),
            text("archive_no", &facts["papers"]["driver_archive_no"]),
        ]);
        let points = self.submits("driver_points_query", points, None).await;
        assert_eq!(value(&points["rows"][0], "status"), "正常");
    }
}

/// The ten of which most citizens need something, each with the apps that serve it, in the order
/// of what must be proved for them.
const TEN: [(Ten, &[&str]); 10] = [
    (Ten::Fines, &["traffic_violation_query", "traffic_fine_payment"]),
    (Ten::Metro, &["metro_ticket"]),
    (Ten::Exams, &["gaokao_score"]),
    (Ten::Names, &["newborn_name_duplicates"]),
    (Ten::Points, &["driver_points_query"]),
    (Ten::Doctor, &["hospital_appointment"]),
    (Ten::Insurance, &["personal_social_insurance", "insured_certificate"]),
    (Ten::Fund, &["housing_fund_query"]),
    (Ten::House, &["property_ownership_certificate"]),
    (Ten::Taxes, &["tax_paid_certificate"]),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ten {
    Fines,
    Metro,
    Exams,
    Names,
    Points,
    Doctor,
    Insurance,
    Fund,
    House,
    Taxes,
}

fn text(name: &str, text: &Value) -> Value {
    json!({ "name": name, "value": { "text": text } })
}

fn value<'a>(row: &'a Value, key: &str) -> &'a str {
    let fields = row["fields"].as_array().unwrap_or_else(|| panic!("no row: {row}"));
    let field = fields.iter().find(|field| field["name"] == key);
    field.unwrap_or_else(|| panic!("no {key}: {row}"))["value"].as_str().unwrap()
}

/// All ten, one after another, by one citizen of this channel; each to its end.
async fn walks(way: Way) {
    let app = TestApp::start().await;
    let walk = Walk::begins(&app, way).await;
    for (ten, slugs) in TEN {
        if ten == Ten::Points {
            proves_name(&walk.citizen).await;
        }
        if ten == Ten::Insurance {
            proves_face(&app, &walk.citizen).await;
        }
        match ten {
            Ten::Fines => walk.violations_and_their_fines().await,
            Ten::Metro => walk.a_metro_ticket().await,
            Ten::Exams => walk.exam_results().await,
            Ten::Names => walk.newborn_names().await,
            Ten::Points => walk.licence_points().await,
            Ten::Doctor => walk.a_doctor().await,
            Ten::Insurance => walk.social_insurance().await,
            Ten::Fund => walk.housing_fund().await,
            Ten::House => walk.ownership_by_post().await,
            Ten::Taxes => walk.taxes_paid().await,
        }
        // A session's favourites and recent apps are the person's: each was really submitted.
        let used = walk.citizen.reads("{viewer{recentApps(first:20){slug}}}").await;
        let used = used["viewer"]["recentApps"].to_string();
        for slug in slugs.iter().filter(|slug| walk.offers(slug)) {
            assert!(used.contains(*slug), "{ten:?} on {way:?}: {slug} was not used: {used}");
        }
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ten_apps_of_most_people_go_through_on_we_chat() {
    walks(Way::WeChat).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ten_apps_of_most_people_go_through_on_alipay() {
    walks(Way::Alipay).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ten_apps_of_most_people_go_through_in_the_app() {
    walks(Way::App).await;
}

/// Two at once under one key: one order at the department, one notice.
#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_sent_twice_at_once_is_one_order() {
    let app = TestApp::start().await;
    let walk = Walk::begins(&app, Way::WeChat).await;
    let donation = json!([
        text("project", &json!("助学金")),
        text("donor", &json!("好心人")),
        { "name": "amount", "value": { "fen": 8_888 } },
    ]);
    let send = || walk.submits("charity_donation", donation.clone(), Some("donation-1"));
    let (one, two) = tokio::join!(send(), send());
    assert_eq!(one["notices"], two["notices"], "{one} {two}");
    let all = app.levers.look("notices").await["notices"].as_array().unwrap().clone();
    let donations = all.iter().filter(|notice| notice["amountFen"] == 8_888);
    assert_eq!(donations.count(), 1);

    // Another amount under the same key is another order, and is refused.
    let input = json!({
        "app": "charity_donation", "formVersion": 1, "idempotencyKey": "donation-1",
        "answers": [
            text("project", &json!("助学金")), text("donor", &json!("好心人")),
            { "name": "amount", "value": { "fen": 9_999 } },
        ],
    });
    let other = walk.citizen.mutation("submitApp", "SubmitAppInput", OUTCOME, &input).await;
    assert_eq!(tests::citizen::codes(&other), ["IDEMPOTENCY_KEY_REUSED"], "{other}");
    app.finish().await;
}

/// Prices that are published stand in the form.
#[tokio::test(flavor = "multi_thread")]
async fn the_form_shows_what_a_ticket_costs() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let query = "{app(slug:\"scenic_ticket\"){form{fee{fen} \
         fields{name options{value price{fen}}}}}}";
    let form = citizen.reads(query).await["app"]["form"].clone();
    assert!(form["fee"].is_null());
    let kinds = form["fields"].as_array().unwrap().iter().find(|field| field["name"] == "kind");
    let student = kinds.unwrap()["options"][1].clone();
    assert_eq!(student, json!({ "value": "学生", "price": { "fen": 4_000 } }));
    app.finish().await;
}

/// A silent department's earlier answer is old, says so, and is given to its own asker alone.
#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_answer_stands_in_and_is_nobody_elses() {
    let app = TestApp::start().await;
    let walk = Walk::begins(&app, Way::WeChat).await;
    let other = Walk::begins(&app, Way::WeChat).await;
    let region = json!([text("region", &json!("330100"))]);
    let fresh = walk.submits("air_quality", region.clone(), None).await;
    assert_eq!(fresh["stale"], false);
    app.levers.fault("exchange", "environment.*", "error500", 100).await;
    app.levers.advance(119 * 60).await;
    let old = walk.submits("air_quality", region.clone(), None).await;
    assert_eq!((&old["stale"], &old["asOf"]), (&json!(true), &fresh["asOf"]), "{old}");
    assert_eq!(old["rows"], fresh["rows"]);
    let input = json!({ "app": "air_quality", "formVersion": 1, "answers": region });
    for somebody in [&other.citizen, &walk.citizen.anonymous()] {
        let none = somebody.mutation("submitApp", "SubmitAppInput", OUTCOME, &input).await;
        assert_eq!(tests::citizen::codes(&none), ["DEPARTMENT_UNAVAILABLE"], "{none}");
    }
    app.finish().await;
}
