//! Small pieces of pages.

use super::reference::{Field, base};
use async_graphql::parser::types::{BaseType, Type};
use maud::{Markup, html};

/// Types that every server has; they have no page.
const BUILT_IN: [&str; 5] = ["Int", "Float", "String", "Boolean", "ID"];

/// A description: what stands between backticks is code.
pub fn words(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A type as the schema writes it, with the way to its page.
pub fn type_link(of: &Type) -> Markup {
    html! {
        code.type { (type_inside(of)) }
    }
}

fn type_inside(of: &Type) -> Markup {
    html! {
        @match &of.base {
            BaseType::List(inner) => { "[" (type_inside(inner)) "]" }
            BaseType::Named(name) => {
                @if BUILT_IN.contains(&name.as_str()) { (name) }
                @else { a href={ "/docs/types/" (name) } { (name) } }
            }
        }
        @if !of.nullable { "!" }
    }
}

/// Fields or arguments, one a row.
pub fn fields(caption: &str, fields: &[Field]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(caption) {
            table.stack {
                caption { (caption) }
                thead { tr { th scope="col" { "名称" } th scope="col" { "类型" } th scope="col" { "含义" } } }
                tbody {
                    @for field in fields {
                        tr {
                            th scope="row" { code { (field.name) } }
                            td {
                                (type_link(&field.of))
                                @if let Some(default) = &field.default { br; "默认 " code { (default) } }
                            }
                            td {
                                (described(field))
                                @if !field.arguments.is_empty() {
                                    br;
                                    "参数：" @for (at, argument) in field.arguments.iter().enumerate() {
                                        @if at > 0 { "、" }
                                        code title=(argument.description) { (argument.name) ": " (base(&argument.of)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What a field means, and until when it is there.
pub fn described(field: &Field) -> Markup {
    html! {
        span lang="en" { (words(&field.description)) }
        @if let Some(reason) = &field.deprecated { p.gone { "已弃用：" (words(reason)) } }
    }
}

/// Text to copy, with what it is for machines that read the page.
pub fn code_block(language: &str, text: &str) -> Markup {
    html! {
        pre data-language=(language) tabindex="0" role="group" aria-label={ "代码：" (language) } {
            code { (text.trim_end()) }
        }
    }
}

/// Hides what does not contain the text that is typed; without the script there is none.
pub fn filter(list: &str, label: &str) -> Markup {
    html! {
        p.filter hidden {
            label for="filter" { (label) }
            input #filter type="search" autocomplete="off" data-filter=(list);
            span aria-live="polite" {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_in_words_is_code_and_nothing_is_markup() {
        let shown = words("use `a<b>` & not c").into_string();
        assert_eq!(shown, "use <code>a&lt;b&gt;</code> &amp; not c");
    }

    #[test]
    fn types_lead_to_their_pages_and_built_in_ones_nowhere() {
        let of = |text: &str| type_link(&Type::new(text).unwrap()).into_string();
        assert_eq!(of("[String!]"), "<code class=\"type\">[String!]</code>");
        let expected = "<code class=\"type\">[<a href=\"/docs/types/Rail\">Rail</a>!]!</code>";
        assert_eq!(of("[Rail!]!"), expected);
    }
}
