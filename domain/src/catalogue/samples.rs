//! A sound app, a small catalogue and a piece of the province, for the tests of this crate.

use super::{
    AppDefinition, Catalogue, CatalogueParts, Category, RawApp, RawCall, RawCase, RawCategory,
    RawCertificate, RawField, RawMaterial, RawOption, RawPost, RawRow, RawSent, RawSpan, RawStep,
    RawWording, Region, RegionLevel, RegionTable,
};
use crate::standards::RegionCode;

/// Words between spaces.
pub(crate) fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn wording(zh: &str) -> RawWording {
    RawWording { zh: zh.to_owned(), en: None }
}

/// A required field.
pub(crate) fn field(name: &str, field_type: &str) -> RawField {
    RawField {
        name: name.to_owned(),
        label: wording("标签"),
        field_type: field_type.to_owned(),
        required: true,
        ..RawField::default()
    }
}

/// Options that read as their values.
pub(crate) fn options(values: &[&str]) -> Vec<RawOption> {
    let option = |value: &&str| RawOption {
        value: (*value).to_owned(),
        label: (*value).to_owned(),
        price_fen: None,
    };
    values.iter().map(option).collect()
}

/// An answer that goes along under its own name.
pub(crate) fn sent(field: &str) -> RawSent {
    RawSent { field: field.to_owned(), parameter: field.to_owned() }
}

/// An app with most of what an app can have.
pub(crate) fn sample() -> RawApp {
    let row = |from: &str, shown_as: &str| RawRow {
        from: from.to_owned(),
        label: wording("标签"),
        shown_as: Some(shown_as.to_owned()),
    };
    RawApp {
        slug: "sample_fines".to_owned(),
        name: RawWording { zh: "违章查询".to_owned(), en: Some("Fines".to_owned()) },
        summary: "查询违章；由省公安厅提供".to_owned(),
        category: "transport_travel".to_owned(),
        department: "省公安厅".to_owned(),
        kind: "query".to_owned(),
        channels: words("app wechat"),
        identity_level: "anonymous".to_owned(),
        audience: words("person"),
        coverage: words("330000"),
        form_version: 1,
        stars: Some(5),
        fields: vec![
            field("plate_no", "plate_no"),
            RawField { options: options(&["01", "02"]), ..field("plate_kind", "enum") },
            RawField { letters_and_digits: Some(6), ..field("vin_tail", "text") },
            RawField { required: false, depends_on: words("plate_no"), ..field("since", "date") },
        ],
        look_up: Some(RawCall {
            operation: "traffic.violations".to_owned(),
            sends: ["plate_no", "plate_kind", "vin_tail", "since"].map(sent).to_vec(),
            subject: false,
            stale_minutes: None,
        }),
        payment: None,
        booking: None,
        certificate: None,
        lottery: None,
        case: None,
        rows: vec![row("time", "text"), row("fine_fen", "money"), row("paid", "text")],
        leads_to_notice: Some("notice_no".to_owned()),
        provenance: "sourced".to_owned(),
        source: Some("speech".to_owned()),
        keywords: words("罚单 违停"),
        note: None,
        ..RawApp::default()
    }
}

/// An app that certifies with everything that a certificate can have.
pub(crate) fn certifying() -> RawApp {
    let text = |text: &str| text.to_owned();
    let optional =
        |name: &str, field_type: &str| RawField { required: false, ..field(name, field_type) };
    RawApp {
        slug: text("sample_certificate"),
        kind: text("certificate"),
        identity_level: text("face"),
        channels: words("app wechat"),
        fields: vec![
            field("from", "month"),
            field("to", "month"),
            RawField {
                options: options(&["电子文件", "邮政速递"]),
                ..optional("delivery", "enum")
            },
            optional("county", "region"),
            optional("address", "address"),
            optional("phone", "phone"),
        ],
        look_up: None,
        leads_to_notice: None,
        certificate: Some(RawCertificate {
            call: RawCall {
                operation: text("social_insurance.certificate"),
                sends: ["from", "to"].map(sent).to_vec(),
                subject: true,
                stale_minutes: None,
            },
            title: text("社会保险参保证明"),
            seal: text("社会保险业务专用章"),
            valid_months: Some(3),
            valid_days: None,
            holder: None,
            span: Some(RawSpan { from: text("from"), to: text("to"), most_months: 48 }),
            post: Some(RawPost {
                field: text("delivery"),
                choice: text("邮政速递"),
                region: text("county"),
                address: text("address"),
                phone: text("phone"),
            }),
        }),
        ..sample()
    }
}

fn material(name: &str, by: &str, field: Option<&str>, when: Option<&str>) -> RawMaterial {
    RawMaterial {
        name: name.to_owned(),
        label: RawWording { zh: format!("材料{name}"), en: None },
        by: by.to_owned(),
        field: field.map(str::to_owned),
        when: when.map(|is| ("reason".to_owned(), vec![is.to_owned()])),
    }
}

/// An app that opens cases: two answers, three materials, two stations, five working days.
pub(crate) fn application() -> RawApp {
    let step =
        |name: &str, holder: &str| RawStep { name: name.to_owned(), holder: holder.to_owned() };
    RawApp {
        kind: "apply".to_owned(),
        identity_level: "phone".to_owned(),
        fields: vec![
            field("card_no", "text"),
            RawField { options: options(&["lost", "expired"]), ..field("reason", "enum") },
            RawField { required: false, ..field("photo", "file") },
        ],
        look_up: None,
        leads_to_notice: None,
        case: Some(RawCase {
            call: RawCall {
                operation: "police.id_card_reissue".to_owned(),
                sends: ["card_no", "reason"].map(sent).to_vec(),
                subject: false,
                stale_minutes: None,
            },
            promised_days: 5,
            steps: vec![step("受理", "户籍窗口"), step("制证", "制证中心")],
            materials: vec![
                material("old_card", "window", None, Some("expired")),
                material("portrait", "shared", None, None),
                material("photo", "file", Some("photo"), Some("lost")),
            ],
            express: true,
        }),
        ..sample()
    }
}

/// The checked type of an app that must be sound.
pub(crate) fn checked(raw: RawApp) -> AppDefinition {
    AppDefinition::check(&raw).unwrap()
}

/// A category of that slug and place.
pub(crate) fn category(slug: &str, order: u8) -> Category {
    let name = RawWording { zh: "交通旅游".to_owned(), en: Some("Transport".to_owned()) };
    Category::check(&RawCategory { slug: slug.to_owned(), name, order }, 0).unwrap()
}

/// One category, one app, a piece of the province.
pub(crate) fn parts(app: RawApp) -> CatalogueParts {
    CatalogueParts {
        version: 1,
        categories: vec![category("transport_travel", 1)],
        apps: vec![checked(app)],
        regions: table(),
    }
}

/// The catalogue of [`parts`].
pub(crate) fn catalogue(app: RawApp) -> Catalogue {
    Catalogue::check(parts(app)).unwrap()
}

/// A row as the file has it: `code,name,parent,level,from,to`.
pub(crate) fn region(line: &str) -> Region {
    let cells: Vec<&str> = line.split(',').collect();
    let day = |cell: &str| (!cell.is_empty()).then(|| cell.parse().unwrap());
    Region {
        code: RegionCode::new(cells[0]).unwrap(),
        name: cells[1].to_owned(),
        parent: RegionCode::new(cells[2]).unwrap(),
        level: RegionLevel::from_word(cells[3]).unwrap(),
        valid_from: day(cells[4]),
        valid_to: day(cells[5]),
    }
}

/// A piece of the province, with a code that was issued again and one that was retired.
pub(crate) fn table() -> RegionTable {
    let rows = [
        "330000,浙江省,100000,province,,",
        "330100,杭州市,330000,city,,",
        "330101,市辖区,330100,municipal_district_group,,",
        "330102,上城区,330100,district,,2021-04-09",
        "330102,上城区,330100,district,2021-04-09,",
        "330104,江干区,330100,district,,2021-04-09",
        "330106,西湖区,330100,district,,",
        "330200,宁波市,330000,city,,",
    ];
    RegionTable::check(rows.map(region).to_vec()).unwrap()
}
