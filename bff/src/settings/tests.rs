use super::*;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn places(refused: Result<Settings, SettingsRefused>) -> Vec<String> {
    refused.unwrap_err().0.into_iter().map(|fault| fault.place).collect()
}

#[test]
fn a_demo_needs_no_settings_and_listens_on_this_machine() {
    let settings = Settings::load(&Environment::new()).unwrap();
    assert_eq!(settings.mode, Mode::Demo);
    assert_eq!(settings.http_addr.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.mock_addr.map(|a| a.to_string()).as_deref(), Some("127.0.0.1:8090"));
    assert!(settings.introspection);
    assert_eq!(settings.key_dir, Path::new(".yiwang"));
}

#[test]
fn a_demo_is_never_reachable_from_elsewhere() {
    let open = environment(&[
        ("YIWANG_HTTP_ADDR", "0.0.0.0:8080"),
        ("YIWANG_METRICS_ADDR", "0.0.0.0:9464"),
        ("YIWANG_MOCK_ADDR", "192.168.1.2:8090"),
    ]);
    let expected = ["YIWANG_HTTP_ADDR", "YIWANG_METRICS_ADDR", "YIWANG_MOCK_ADDR"];
    assert_eq!(places(Settings::load(&open)), expected);
}

#[test]
fn counters_are_shown_nowhere_unless_an_address_of_their_own_is_named() {
    let metrics = |addr: &str| {
        let pairs = [("YIWANG_HTTP_ADDR", "127.0.0.1:8080"), ("YIWANG_METRICS_ADDR", addr)];
        Settings::load(&environment(&pairs))
    };
    assert_eq!(Settings::load(&Environment::new()).unwrap().metrics_addr, None);
    assert_eq!(metrics("").unwrap().metrics_addr, None);
    let named = metrics("127.0.0.1:9464").unwrap().metrics_addr;
    assert_eq!(named.map(|addr| addr.to_string()).as_deref(), Some("127.0.0.1:9464"));
    for bad in ["127.0.0.1:8080", "127.0.0.2:8080", "here"] {
        assert_eq!(places(metrics(bad)), ["YIWANG_METRICS_ADDR"], "{bad}");
    }
    let any = [("YIWANG_HTTP_ADDR", "127.0.0.1:0"), ("YIWANG_METRICS_ADDR", "127.0.0.1:0")];
    assert!(Settings::load(&environment(&any)).is_ok(), "the system finds two free ports");
}

#[test]
fn every_fault_is_listed_at_once() {
    let bad = environment(&[
        ("YIWANG_MODE", "test"),
        ("YIWANG_HTTP_ADDR", "here"),
        ("YIWANG_INTROSPECTION", "maybe"),
        ("YIWANG_TRUSTED_PROXIES", "10.0.0.1, x, y"),
        ("YIWANG_COLOUR", "blue"),
    ]);
    let places = places(Settings::load(&bad));
    for name in ["MODE", "HTTP_ADDR", "INTROSPECTION", "TRUSTED_PROXIES", "COLOUR"] {
        assert!(places.contains(&format!("YIWANG_{name}")), "{name} in {places:?}");
    }
    assert_eq!(places.iter().filter(|p| p.ends_with("PROXIES")).count(), 2);
}

#[test]
fn production_refuses_what_a_demo_lives_on() {
    let demo_like = environment(&[
        ("YIWANG_MODE", "production"),
        ("YIWANG_DATABASE_URL", "sqlite://nowhere/yiwang.db"),
        ("YIWANG_MOCK_ADDR", "127.0.0.1:8090"),
        ("YIWANG_FOLLOW_CLOCK", "http://127.0.0.1:8090/control/clock"),
        ("YIWANG_CRASH_AT", "payment.save:before"),
    ]);
    let places = places(Settings::load(&demo_like));
    let names =
        ["DATABASE_URL", "MOCK_ADDR", "FOLLOW_CLOCK", "CRASH_AT", "PUBLIC_URL", "KEY_DIR", "FONT"];
    for name in names {
        assert!(places.contains(&format!("YIWANG_{name}")), "{name} in {places:?}");
    }
}

#[test]
fn a_crash_point_is_armed_by_the_environment_alone() {
    let armed = environment(&[("YIWANG_CRASH_AT", "payment.save:before:2")]);
    let expected = "payment.save:before:2".parse().unwrap();
    assert_eq!(Settings::load(&armed).unwrap().crash_at, Some(expected));
    let unknown = environment(&[("YIWANG_CRASH_AT", "payment.save")]);
    assert_eq!(places(Settings::load(&unknown)), ["YIWANG_CRASH_AT"]);
    let path = std::env::temp_dir().join(format!("yiwang-crash-{}.toml", std::process::id()));
    std::fs::write(&path, "crash_at = \"payment.save:before\"\n").unwrap();
    let file = path.display().to_string();
    let refused = Settings::load(&environment(&[("YIWANG_SETTINGS", &file)]));
    std::fs::remove_file(&path).unwrap();
    assert_eq!(places(refused), [format!("{file}: crash_at")]);
}

#[test]
fn secrets_do_not_print() {
    assert_eq!(format!("{:?}", Secret::new("open sesame")), "***");
}

/// The example's text with its key files in a folder of this process, all of them there.
fn example(folder: &Path) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(folder).unwrap();
    let path = format!("{}/../docs/settings.example.toml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let keys = text.split('"').filter_map(|part| part.strip_prefix("/etc/yiwang/keys/"));
    for name in keys.chain(["data.key", "index.key", "tokens.key", "documents.key"]) {
        let file = folder.join(name);
        std::fs::write(&file, name).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    // Any file will do for a font here: it is read where documents are printed.
    let font = folder.join("data.key");
    text.replace("/etc/yiwang/keys", folder.to_str().unwrap())
        .replace("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", font.to_str().unwrap())
}

fn load_text(folder: &Path, text: &str) -> Result<Settings, SettingsRefused> {
    let file = folder.join("yiwang.toml");
    std::fs::write(&file, text).unwrap();
    Settings::load(&environment(&[("YIWANG_SETTINGS", file.to_str().unwrap())]))
}

#[test]
fn the_example_names_every_platform_and_is_good() {
    let folder = std::env::temp_dir().join(format!("yiwang-example-{}", std::process::id()));
    let text = example(&folder);
    let channels = load_text(&folder, &text).unwrap().channels.unwrap();
    let alipay = channels.alipay.unwrap();
    assert!(matches!(alipay.trust, AlipayTrust::Certificates { .. }));
    assert_eq!(alipay.mini.certificate.as_deref(), Some("alipay-mini.crt"));
    assert!(alipay.native.is_some());
    assert_eq!(alipay.message_templates.len(), 3);
    assert!(channels.we_chat.message_templates.contains_key("payment_result"));
    assert!(channels.we_chat.message_push.is_some());
    let union_pay = channels.union_pay.unwrap();
    let ceilings = [channels.we_chat_pay.refund_ceiling, alipay.refund_ceiling];
    assert_eq!(ceilings.map(|fen| fen.value()), [20_000_000, 0]);
    assert_eq!(union_pay.refund_ceiling.value(), 10_000_000, "where nobody said otherwise");

    let start = text.find("[alipay]").unwrap();
    let end = text.find("[union_pay]").unwrap();
    let without = format!("{}{}", &text[..start], &text[end..]);
    let channels = load_text(&folder, &without).unwrap().channels.unwrap();
    assert!(channels.alipay.is_none(), "a rail without its table is not connected");

    let local = text.replace("https://gateway.95516.com", "http://127.0.0.1");
    let halved = local.replace("seller_id = ", "sellar_id = ");
    let faults = load_text(&folder, &halved).unwrap_err().0;
    let places: Vec<_> = faults.iter().map(|fault| fault.place.rsplit(' ').next()).collect();
    for key in ["alipay.seller_id", "alipay.sellar_id", "union_pay.gateway_url"] {
        assert!(places.contains(&Some(key)), "{key} in {places:?}");
    }
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn a_ceiling_of_refunds_is_an_amount_of_fen() {
    let folder = std::env::temp_dir().join(format!("yiwang-ceilings-{}", std::process::id()));
    let text = example(&folder);
    let read = |value: &str| {
        let line = format!("refund_ceiling_fen = {value} ");
        let settings = load_text(&folder, &text.replace("refund_ceiling_fen = 20_000_000 ", &line));
        settings.map(|settings| settings.channels.unwrap().we_chat_pay.refund_ceiling.value())
    };
    let most = domain::money::PayableFen::MAX;
    assert_eq!(read("0").unwrap(), 0);
    assert_eq!(read("1").unwrap(), 1);
    assert_eq!(read(&most.to_string()).unwrap(), i64::try_from(most).unwrap());
    for bad in ["-1", "\"much\"", "0.5", &(most + 1).to_string()] {
        let faults = read(bad).unwrap_err().0;
        assert!(faults[0].place.ends_with("we_chat_pay.refund_ceiling_fen"), "{bad}: {faults:?}");
    }
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn departments_have_deadlines_and_some_their_own() {
    let folder = std::env::temp_dir().join(format!("yiwang-deadlines-{}", std::process::id()));
    let text = example(&folder);
    let read = |all: &str, some: &str| {
        let text = text.replace("deadline_ms = 5000", &format!("deadline_ms = {all}"));
        let text = text.replace("{ courts = 8000 }", some);
        load_text(&folder, &text).map(|settings| settings.channels.unwrap().exchange.rules)
    };
    let rules = read("400", "{ courts = 8000, weather = 100 }").unwrap();
    let ms = std::time::Duration::from_millis;
    assert_eq!((rules.deadline, rules.deadlines.len()), (ms(400), 2));
    assert_eq!(rules.deadlines["courts"], ms(8_000));
    for (all, some, place) in [
        ("99", "{}", "exchange.deadline_ms"),
        ("30001", "{}", "exchange.deadline_ms"),
        ("\"soon\"", "{}", "exchange.deadline_ms"),
        ("400", "{ courts = 0 }", "exchange.deadlines_ms"),
        ("400", "{ courts = \"soon\" }", "exchange.deadlines_ms"),
        ("400", "[1]", "exchange.deadlines_ms"),
    ] {
        let faults = read(all, some).unwrap_err().0;
        assert!(faults[0].place.ends_with(place), "{all} {some}: {faults:?}");
    }
    let _ = std::fs::remove_dir_all(&folder);
}

#[test]
fn a_folder_of_apps_must_be_there() {
    let here = env!("CARGO_MANIFEST_DIR");
    let settings = Settings::load(&environment(&[("YIWANG_APPS_DIR", here)])).unwrap();
    assert_eq!(settings.apps_dir.as_deref(), Some(Path::new(here)));
    let none = Settings::load(&environment(&[("YIWANG_APPS_DIR", "")])).unwrap();
    assert_eq!(none.apps_dir, None);
    let gone = environment(&[("YIWANG_APPS_DIR", "/no/such/folder")]);
    assert_eq!(places(Settings::load(&gone)), ["YIWANG_APPS_DIR"]);
}

#[test]
fn the_portal_is_open_in_a_demo_and_at_most_read_in_production() {
    let demo = |word: &str| Settings::load(&environment(&[("YIWANG_PORTAL", word)]));
    assert_eq!(Settings::load(&Environment::new()).unwrap().portal, PortalMode::Try);
    assert_eq!(demo("").unwrap().portal, PortalMode::Try);
    assert_eq!(demo("off").unwrap().portal, PortalMode::Off);
    assert_eq!(demo("read").unwrap().portal, PortalMode::Read);
    assert_eq!(places(demo("open")), ["YIWANG_PORTAL"]);
    let faulty = |word: &str| {
        let pairs = [("YIWANG_MODE", "production"), ("YIWANG_PORTAL", word)];
        places(Settings::load(&environment(&pairs))).contains(&"YIWANG_PORTAL".to_owned())
    };
    assert!(faulty("try") && !faulty("read") && !faulty("off") && !faulty(""));
}

#[test]
fn traces_go_nowhere_unless_a_collector_is_named_as_every_service_names_it() {
    let observe = |pairs: &[(&str, &str)]| Settings::load(&environment(pairs));
    let usual = observe(&[]).unwrap().observe;
    assert_eq!((usual.slow, usual.trace), (Duration::from_secs(1), None));
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
    let trace = observe(&[endpoint]).unwrap().observe.trace.unwrap();
    assert_eq!((trace.endpoint.as_str(), trace.service.as_str()), (endpoint.1, "yiwang"));
    assert!((trace.ratio - 1.0).abs() < f64::EPSILON);
    let part = observe(&[endpoint, ("OTEL_TRACES_SAMPLER_ARG", "0.25")]).unwrap();
    assert!((part.observe.trace.unwrap().ratio - 0.25).abs() < f64::EPSILON);
    for (bad, name) in [
        (vec![("OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4317")], "OTEL_EXPORTER_OTLP_ENDPOINT"),
        (vec![endpoint, ("OTEL_TRACES_SAMPLER_ARG", "2")], "OTEL_TRACES_SAMPLER_ARG"),
        (vec![("YIWANG_SLOW_MS", "0")], "YIWANG_SLOW_MS"),
        (vec![("YIWANG_SLOW_MS", "soon")], "YIWANG_SLOW_MS"),
    ] {
        assert_eq!(places(observe(&bad)), [name], "{bad:?}");
    }
    assert!(observe(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]).unwrap().observe.trace.is_none());
}
