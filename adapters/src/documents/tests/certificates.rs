//! Certificates, printed and read back.

use super::{font, shows};
use crate::documents::certificate;
use domain::casework::certificate::{AuthorisationCode, Certificate, CertificateEntry, Holder};
use domain::catalogue::AppSlug;
use domain::fakes::samples::{at, person};
use domain::identity::PersonName;
use domain::ids::{SerialNo, SubmissionNo};
use domain::receipt::CertificateSheet;
use domain::standards::CitizenId;

fn sheet(values: &[&str], rows: usize) -> CertificateSheet {
    let entry = |value: &&str| CertificateEntry {
        key: "unit".to_owned(),
        label: "参保单位".to_owned(),
        value: (*value).to_owned(),
    };
    let row: Vec<_> = values.iter().map(entry).collect();
    let certificate = Certificate {
        serial: SerialNo::new("ZM20260302ABCDEFGH1234").unwrap(),
        code: AuthorisationCode::new("ABCDEFGHJKMN").unwrap(),
        submission: SubmissionNo::new("YS000001").unwrap(),
        person: person("P1").id,
        app: AppSlug::new("insured_certificate").unwrap(),
        title: "浙江省社会保险参保证明（个人专用）".to_owned(),
        issuer: "省人社厅".to_owned(),
        seal: "浙江省社会保险业务专用章".to_owned(),
        holder: Holder::Person {
            name: PersonName::new("欧阳小明").unwrap(),
            id_card: CitizenId::new("33010619000101099X").unwrap(),
        },
        rows: vec![row; rows],
        post: None,
        as_of: at(0),
        issued_at: at(0),
        // The midnight after 2026-06-02 in Beijing.
        expires_at: "2026-06-02T16:00:00Z".parse().unwrap(),
        revoked_at: None,
    };
    CertificateSheet { certificate, printed_at: at(60) }
}

fn drawn(sheet: &CertificateSheet) -> Vec<u8> {
    certificate::draw(&font(), sheet, "https://example.cn/certificates/verify").unwrap()
}

#[test]
fn a_certificate_shows_who_says_what_of_whom_and_until_when() {
    let pdf = drawn(&sheet(&["钱江测试仪器有限公司", ""], 1));
    for text in [
        "浙江省社会保险参保证明（个人专用）",
        "ZM20260302ABCDEFGH1234",
        "ABCD-EFGH-JKMN",
        "欧阳小明",
        "参保单位",
        "钱江测试仪器有限公司",
        "—",
        "浙江省社会保险业务专用章",
        "省人社厅",
        "2026年06月02日",
    ] {
        assert!(shows(&pdf, text), "{text}");
    }
    assert!(!shows(&pdf, "33010619000101099X"), "the number is masked");
    assert!(!shows(&pdf, "撤销") && !shows(&pdf, "已过"));
    assert!(pdf.len() < 80_000, "{} bytes", pdf.len());
}

#[test]
fn one_that_does_not_stand_says_so_and_a_body_is_named() {
    let mut late = sheet(&["一"], 1);
    late.printed_at = late.certificate.expires_at;
    assert!(shows(&drawn(&late), "本证明已过查验有效期"));
    let mut revoked = sheet(&["一"], 1);
    revoked.certificate.revoked_at = Some(at(30));
    revoked.certificate.holder = Holder::Body { name: "瓯江演示贸易有限公司".to_owned() };
    let pdf = drawn(&revoked);
    assert!(shows(&pdf, "本证明已由持有人撤销") && shows(&pdf, "单位名称"));
    assert!(shows(&pdf, "瓯江演示贸易有限公司") && !shows(&pdf, "欧阳小明"));
}

#[test]
fn what_does_not_fit_on_one_page_goes_on_and_nothing_is_lost() {
    let months: Vec<String> = (1..=48).map(|month| format!("{month}月 520.00元")).collect();
    let pdf = drawn(&sheet(&[&months.join("；"), "末项"], 12));
    for text in ["第1项", "第12项", "末项", "第3页", "浙江省社会保险业务专用章"]
    {
        assert!(shows(&pdf, text), "{text}");
    }
}
