//! From nothing to a paid fine. The steps are data; a test takes them from the page and runs them.

use super::Portal;
use super::markup::{code_block, words};
use maud::{Markup, html};
use serde::Deserialize;
use std::sync::LazyLock;

const TEXT: &str = include_str!("first_fine.toml");
/// Where mock channels listen when nothing else is said.
const USUAL_CONTROL: &str = "http://127.0.0.1:8090/control";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Steps {
    step: Vec<Step>,
}

/// One step, at the command line and in the WeChat mini-program.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    title: String,
    words: String,
    bash: Option<String>,
    mini: Option<String>,
    /// What the command line shows.
    see: Vec<String>,
}

static STEPS: LazyLock<Steps> = LazyLock::new(|| toml::from_str(TEXT).unwrap_or_default());

/// The page.
pub fn steps(portal: &Portal) -> Markup {
    let control = portal.citizens.as_ref().map_or(USUAL_CONTROL, |citizens| citizens.control());
    let here = |text: &str| text.replace("{API}", &portal.public_url).replace("{MOCK}", control);
    html! {
        p.lead {
            "在演示环境里，从造一个市民到支付成功、拿到票据。命令行的各步可以依次粘贴运行"
            "（bash、curl、python3）；小程序的各段合起来就是一个页面的脚本。"
        }
        p lang="en" {
            "Paste the shell blocks in order; the mini-program blocks, together, are one page's script."
        }
        ol.steps {
            @for Step { title, words: what, bash, mini, see } in &STEPS.step {
                li {
                    h2 { (title) }
                    p { (words(what)) }
                    @if let Some(bash) = bash {
                        div data-run="bash" { h3 { "命令行" } (code_block("bash", &here(bash))) }
                    }
                    @if !see.is_empty() {
                        p { "会看到 " @for (at, one) in see.iter().enumerate() {
                            @if at > 0 { "、" } code data-see="" { (one) }
                        } "。" }
                    }
                    @if let Some(mini) = mini {
                        div data-run="mini" { h3 { "微信小程序" } (code_block("js", &here(mini))) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_are_read() {
        let steps: Steps = toml::from_str(TEXT).unwrap();
        assert!(steps.step.len() >= 6);
        assert!(steps.step.iter().filter(|step| step.mini.is_some()).count() >= 5);
    }
}
