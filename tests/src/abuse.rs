//! What strangers send to wear the server out. One table for the test that each is refused by
//! every way in, for the benchmark of what a refusal costs, and as seeds of the fuzzer.

use std::fmt::Write as _;

/// Something to send, and what it is.
#[derive(Debug, Clone)]
pub struct Abuse {
    /// For the report.
    pub name: &'static str,
    /// The document, or the whole body.
    pub text: String,
}

fn abuse(name: &'static str, text: impl Into<String>) -> Abuse {
    Abuse { name, text: text.into() }
}

/// `open` so often, then `close` as often.
fn nested(open: &str, inside: &str, close: &str, times: usize) -> String {
    format!("{}{inside}{}", open.repeat(times), close.repeat(times))
}

fn many(times: usize, unit: impl Fn(usize) -> String) -> String {
    (0..times).map(unit).collect()
}

/// Documents of which none is executed: each is `BAD_INPUT`, whatever way it comes.
pub fn documents() -> Vec<Abuse> {
    let list = nested("[", "1", "]", 3_000);
    let object = nested("{a:", "1", "}", 3_000);
    let mut fan_out = String::from("{...F0}");
    for level in 0..50 {
        let next = level + 1;
        // Writing to memory does not fail.
        let _ = write!(fan_out, "fragment F{level} on Query{{...F{next} ...F{next}}}");
    }
    let to_nowhere = fan_out.clone();
    fan_out.push_str("fragment F50 on Query{__typename}");
    let pays = many(50, |n| format!("p{n}:startPayment(input:{{}}){{payment{{paymentNo}}}}"));
    vec![
        abuse("3,000 nested lists", format!("{{__type(name:{list}){{name}}}}")),
        abuse("3,000 nested objects", format!("{{__type(name:{object}){{name}}}}")),
        abuse(
            "3,000 lists behind comments that seem to close them",
            format!("{{__type(name:{}1){{name}}}}", "[#]\n".repeat(3_000)),
        ),
        abuse(
            "3,000 lists behind block texts that seem to close them",
            format!("{{__type(name:{}1){{name}}}}", "[\"\"\"]\"\"\"".repeat(3_000)),
        ),
        abuse(
            "3,000 lists behind texts with escaped quotes",
            format!("{{__type(name:{}1){{name}}}}", "[\"\\\"]\" ".repeat(1_900)),
        ),
        abuse("3,000 nested selections", nested("{a", "", "}", 3_000)),
        abuse(
            "a variable of 3,000 nested list types",
            format!("query($a:{}){{__typename}}", nested("[", "Int", "]", 3_000)),
        ),
        abuse(
            "a variable of 3,000 nested lists by default",
            format!("query($a:[Int]={list}){{__typename}}"),
        ),
        abuse("64 KB of {", "{".repeat(60_000)),
        abuse("64 KB of a text that does not end", format!("{{a(b:\"{}", "x".repeat(60_000))),
        abuse("64 KB of a block text that does not end", {
            format!("{{a(b:\"\"\"{}", "\\\"\"\"".repeat(15_000))
        }),
        abuse("64 KB of quotes in a block text that does not end", {
            format!("{{a(b:\"\"\"x{}", "\"x".repeat(30_000))
        }),
        abuse("10,000 aliases", format!("{{{}}}", many(10_000, |n| format!("a{n}:a ")))),
        abuse("10,000 times __typename", format!("{{{}}}", "__typename ".repeat(5_400))),
        abuse(
            "1,000 times @skip",
            format!("{{rails{{rail {}}}}}", "@skip(if:false)".repeat(1_000)),
        ),
        abuse(
            "1,000 fields with @skip",
            format!("{{rails{{{}}}}}", "rail @skip(if:false) ".repeat(1_000)),
        ),
        abuse(
            "fragments in a circle",
            "{...A} fragment A on Query{...B} fragment B on Query{...A}",
        ),
        abuse("a fragment in itself", "{...A} fragment A on Query{...A}"),
        abuse("fragments that spread to 2^50", fan_out),
        abuse("fragments that spread to 2^50 of what is not there", to_nowhere),
        abuse("1,000 spreads of what is not there", format!("{{{}}}", "...Gone ".repeat(1_000))),
        abuse(
            "1,000 fragments",
            format!("{{rails{{rail}}}}{}", many(1_000, |n| format!("fragment F{n} on Query{{a}}"))),
        ),
        abuse("two operations of one name", "query A{rails{rail}} query A{rails{rail}}"),
        abuse("1,000 operations", many(1_000, |n| format!("query Q{n}{{rails{{rail}}}}"))),
        abuse("the schema's types round and round", {
            let inside = nested("{fields{type", "{name}", "}}", 12);
            format!("{{__schema{{types{inside}}}}}")
        }),
        abuse("50 payments at once", format!("mutation{{{pays}}}")),
        abuse("a page of 2 billion", "{viewer{payments(first:2000000000){nodes{status}}}}"),
        abuse(
            "a page beyond every number",
            "{viewer{payments(first:99999999999999){nodes{status}}}}",
        ),
        abuse("a number beyond every float", "{viewer{payments(first:1e999){nodes{status}}}}"),
        abuse("a name of 50 KB", format!("{{{}}}", "a".repeat(50_000))),
        abuse("numbers that lean on each other", format!("{{rails(a:{})}}", "1.2".repeat(9_000))),
        abuse("marks of byte order", format!("{{rails{{rail}}{}}}", "\u{feff}".repeat(20_000))),
        abuse("rails behind 5,000 comments", format!("{}{{rails{{rail}}}}", "#\n".repeat(5_000))),
        abuse("rails among 5,000 commas", format!("{{rails{{rail{}}}}}", ",".repeat(5_000))),
        abuse("a name of 65 bytes", format!("query {}{{rails{{rail}}}}", "a".repeat(65))),
        abuse("a NUL", "{rails\0{rail}}"),
        abuse("half a surrogate", "{app(slug:\"\\ud800\"){slug}}{"),
        abuse("nothing", ""),
        abuse("nothing but commas", ",".repeat(60_000)),
        abuse("nothing but comments", "#\n".repeat(30_000)),
        abuse("brackets that close what was not opened", "}".repeat(3_000)),
    ]
}

/// Whole bodies over POST of which none is executed.
pub fn bodies() -> Vec<Abuse> {
    let deep = nested("[", "1", "]", 3_000);
    let objects = nested("{\"a\":", "1", "}", 3_000);
    let good = "\"query\":\"{rails{rail}}\"";
    vec![
        abuse("3,000 lists in variables", format!("{{{good},\"variables\":{{\"a\":{deep}}}}}")),
        abuse("3,000 objects in variables", format!("{{{good},\"variables\":{objects}}}")),
        abuse("3,000 lists in extensions", format!("{{{good},\"extensions\":{{\"a\":{deep}}}}}")),
        abuse("3,000 objects in extensions", format!("{{{good},\"extensions\":{objects}}}")),
        abuse("3,000 lists beside the query", format!("{{{good},\"other\":{deep}}}")),
        abuse(
            "20,000 numbers in variables",
            format!("{{{good},\"variables\":{{\"a\":[{}1]}}}}", "1,".repeat(20_000)),
        ),
        abuse("a number beyond every float", format!("{{{good},\"variables\":{{\"a\":1e999}}}}")),
        abuse("half a surrogate", format!("{{{good},\"variables\":{{\"a\":\"\\ud800\"}}}}")),
        abuse("two queries in one object", format!("{{{good},{good}}}")),
        abuse("a batch", format!("[{}{{{good}}}]", format!("{{{good}}},").repeat(100))),
        abuse("an empty batch", "[]"),
        abuse("a mark of byte order", format!("\u{feff}{{{good}}}")),
        abuse("a control character", "{\"query\":\"{rails{rail}}\0\"}"),
        abuse("something behind the end", format!("{{{good}}}{{{good}}}")),
        abuse("variables that are a text", format!("{{{good},\"variables\":\"{{}}\"}}")),
        abuse("a form", "query=%7Brails%7Brail%7D%7D"),
        abuse("64 KB of {", "{".repeat(60_000)),
        abuse("64 KB of quotes", "\"".repeat(60_000)),
        abuse("nothing", ""),
    ]
}
