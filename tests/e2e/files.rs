//! Files that citizens upload: by content, for their owner, for a day.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::citizen::Citizen;
use tests::files::multipart;
use tests::levers::{Http, eventually};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";
const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0\0\x10JFIF a face \xFF\xD9";

async fn sends(app: &TestApp, token: &str, body: Vec<u8>) -> (u16, Value) {
    tests::files::sends(&app.node.base_url, token, body).await
}

async fn uploads(app: &TestApp, citizen: &Citizen, content: &[u8]) -> Value {
    tests::files::uploads(&app.node.base_url, citizen, content).await
}

async fn reads(citizen: &Citizen, file: &Value) -> Value {
    let query = "query($id:ID!){node(id:$id){... on UploadedFile{kind size uploadedAt expiresAt \
                 url}}}";
    let answer = citizen.ask(query, json!({ "id": file["id"] })).await;
    assert!(answer["errors"].is_null(), "{answer}");
    answer["data"]["node"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_known_by_its_content_and_its_owners_alone() {
    let app = TestApp::start().await;
    let citizen = app.citizen().await;
    let file = uploads(&app, &citizen, PDF).await;
    assert_eq!((&file["kind"], &file["size"]), (&json!("PDF"), &json!(PDF.len())), "{file}");
    let tomorrow = file["expiresAt"].clone();
    assert!(tomorrow.as_str().unwrap().starts_with("2026-03-03T10:0"), "{tomorrow}");
    assert_eq!(file["sha256"], adapters::crypto::sha256_hex(PDF));
    let node = reads(&citizen, &file).await;
    assert_eq!((&node["kind"], &node["expiresAt"]), (&json!("PDF"), &tomorrow));
    let url = node["url"].as_str().unwrap();
    let names = ["content-type", "content-disposition", "content-security-policy"];
    let (status, headers, content) = Http::default().fetch(url, &names).await;
    assert_eq!((status, content.as_slice()), (200, PDF));
    assert_eq!(headers[0], "application/pdf");
    assert!(headers[1].starts_with("attachment; filename=\"file-"), "{headers:?}");
    assert!(!headers[1].contains("x.exe") && headers[2].starts_with("sandbox"), "{headers:?}");

    let again = uploads(&app, &citizen, PDF).await;
    assert_eq!(again["id"], file["id"], "the same file once more");
    let other = app.citizen().await;
    assert_eq!(reads(&other, &file).await, Value::Null);
    assert_eq!(reads(&citizen.anonymous(), &file).await, Value::Null);
    let theirs = uploads(&app, &other, PDF).await;
    assert_ne!(theirs["id"], file["id"]);

    app.levers.advance(300).await;
    assert_eq!(Http::default().fetch(url, &[]).await.0, 410);
    app.levers.advance(24 * 3_600).await;
    let again = citizen_again(&app, &citizen).await;
    assert_eq!(reads(&again, &file).await, Value::Null, "its day is over");
    app.levers.advance(3_600).await;
    eventually("a sweep", || async {
        let left = app.counts("uploaded_file").await + app.counts("uploaded_file_piece").await;
        (left == 0).then_some(())
    })
    .await;
    app.finish().await;
}

/// Sessions are shorter than a day.
async fn citizen_again(app: &TestApp, citizen: &Citizen) -> Citizen {
    Citizen::signs_in(&app.node.base_url, &app.levers, citizen.facts.clone()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_of_a_form_is_refused_in_words() {
    let app = TestApp::with_settings(&[("YIWANG_FILE_MAX_MB", "1")]).await;
    let citizen = app.citizen().await;
    let large = [JPEG, &vec![0; 1024 * 1024]].concat();
    let two = [
        &multipart("file", PDF)[..multipart("file", PDF).len() - "--b0undary--\r\n".len()],
        &multipart("file", JPEG),
    ]
    .concat();
    let cut = multipart("file", PDF)[..120].to_vec();
    for (body, status, code, words) in [
        (multipart("file", b"MZ\x90\0 a program"), 415, "UNKNOWN_KIND", "JPG"),
        (multipart("file", b"<svg onload=alert(1)>"), 415, "UNKNOWN_KIND", "PDF"),
        (multipart("file", &PDF[..20]), 415, "UNKNOWN_KIND", "完整"),
        (multipart("file", b""), 415, "UNKNOWN_KIND", "重新选择"),
        (multipart("file", &large), 413, "TOO_LARGE", "1MB"),
        (multipart("photo", PDF), 400, "BAD_INPUT", "file"),
        (two, 400, "BAD_INPUT", "一个文件"),
        (cut, 400, "BAD_INPUT", "不完整"),
        (Vec::new(), 400, "BAD_INPUT", "不完整"),
    ] {
        let (got, refused) = sends(&app, &citizen.token, body).await;
        assert_eq!((got, &refused["code"]), (status, &json!(code)), "{refused}");
        assert!(refused["message"].as_str().unwrap().contains(words), "{refused}");
    }
    for token in ["", "forged"] {
        let (status, refused) = sends(&app, token, multipart("file", PDF)).await;
        assert_eq!((status, &refused["code"]), (401, &json!("NOT_SIGNED_IN")), "{refused}");
    }
    let url = format!("{}/files", app.node.base_url);
    let (status, _) = Http::default().send(&url, &citizen.token, "text/plain", PDF.to_vec()).await;
    assert_eq!(status, 415);
    assert_eq!(Http::default().get(&url, &[]).await.0, 405);
    assert_eq!(app.counts("uploaded_file").await, 0, "nothing was kept");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_uploads_so_much_a_day_and_others_as_much() {
    let limits = [("YIWANG_FILE_MAX_MB", "1"), ("YIWANG_FILE_QUOTA_MB", "1")];
    let app = TestApp::with_settings(&limits).await;
    let (citizen, other) = (app.citizen().await, app.citizen().await);
    let heavy = |tail: u8| [JPEG, &vec![tail; 600_000]].concat();
    uploads(&app, &citizen, &heavy(1)).await;
    let (status, refused) = sends(&app, &citizen.token, multipart("file", &heavy(2))).await;
    assert_eq!((status, &refused["code"]), (429, &json!("RATE_LIMITED")), "{refused}");
    uploads(&app, &citizen, &heavy(1)).await;
    uploads(&app, &other, &heavy(2)).await;
    app.finish().await;
}

const WITH_PHOTO: &str = r#"format = 1
slug = "with_photo"
name = { zh = "带照片的查询", en = "A look-up with a photo" }
summary = "查询天气；由省气象局提供"
kind = "query"
identity_level = "phone"
channels = ["wechat"]
audience = ["person"]
department = "省气象局"
coverage = ["330000"]
provenance = "composed"

[[field]]
name = "region"
type = "region"
label = { zh = "地区" }
required = true

[[field]]
name = "photo"
type = "file"
label = { zh = "照片" }
required = true
accepts = ["jpeg", "png"]
most_kilobytes = 1

[look_up]
operation = "weather.forecast"
sends = ["region"]

[[row]]
from = "weather"
label = { zh = "天气" }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_form_takes_the_callers_own_file_of_the_right_kind_and_size() {
    let apps = tests::app::Folder::fresh();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let categories = root.join("../domain/apps/categories.toml");
    std::fs::copy(categories, apps.0.join("categories.toml")).unwrap();
    let folder = apps.0.join("environment_weather");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("with_photo.toml"), WITH_PHOTO).unwrap();
    let app = TestApp::with_settings(&[("YIWANG_APPS_DIR", apps.0.to_str().unwrap())]).await;
    let (citizen, other) = (app.citizen().await, app.citizen().await);
    let rule = "{app(slug:\"with_photo\"){form{fields{name file{kinds maxBytes}}}}}";
    let fields = citizen.reads(rule).await["app"]["form"]["fields"].clone();
    let expected = json!({ "kinds": ["JPEG", "PNG"], "maxBytes": 1024 });
    assert_eq!((&fields[0]["file"], &fields[1]["file"]), (&Value::Null, &expected));

    let large = [JPEG, &[0; 1024]].concat();
    let photo = uploads(&app, &citizen, JPEG).await;
    let answered = async |file: &Value| {
        let answers = json!([
            { "name": "region", "value": { "text": "330100" } },
            { "name": "photo", "value": { "fileId": file } },
        ]);
        let payload = citizen.submits("with_photo", &answers).await;
        let refused = payload["userErrors"][0].clone();
        if refused.is_null() {
            assert!(payload["outcome"]["rows"].is_array(), "{payload}");
            return String::new();
        }
        assert_eq!(refused["field"], json!(["answers", "photo"]), "{refused}");
        refused["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(answered(&photo["id"]).await, "");
    for (file, words) in [
        (uploads(&app, &citizen, PDF).await["id"].clone(), "只接受JPG照片、PNG图片"),
        (uploads(&app, &citizen, &large).await["id"].clone(), "不能超过1KB"),
        (uploads(&app, &other, JPEG).await["id"].clone(), "不存在或已过期"),
        (json!("0123456789"), "不存在或已过期"),
        (json!("../../etc/passwd"), "不存在或已过期"),
    ] {
        let told = answered(&file).await;
        assert!(told.contains(words), "{words}: {told}");
    }
    app.finish().await;
}
