use super::*;
use jiff::civil::Date;

/// A field, an argument or a word: its path, its meaning, and why it is deprecated.
type Told<'a> = (String, &'a str, Option<&'a str>);

fn fields<'a>(of: &str, fields: &'a [Field], all: &mut Vec<Told<'a>>) {
    for field in fields {
        let path = format!("{of}.{}", field.name);
        self::fields(&path, &field.arguments, all);
        all.push((path, &field.description, field.deprecated.as_deref()));
    }
}

fn told(reference: &Reference) -> Vec<Told<'_>> {
    let mut all = Vec::new();
    for Operation { verb, field } in &reference.operations {
        fields(verb.word(), std::slice::from_ref(field), &mut all);
    }
    for (name, found) in &reference.types {
        all.push((name.clone(), &found.description, None));
        match &found.shape {
            Shape::Scalar | Shape::Union(_) => {}
            Shape::Enum(words) => all.extend(words.iter().map(|word| {
                let path = format!("{name}.{}", word.name);
                (path, word.description.as_str(), word.deprecated.as_deref())
            })),
            Shape::Object(own) | Shape::Interface(own) | Shape::Input { fields: own, .. } => {
                fields(name, own, &mut all);
            }
        }
    }
    all
}

/// The day that a reason names, as in "Use `b`; goes on 2027-06-30."
fn day_of(reason: &str) -> Option<Date> {
    let words = reason.split(|c: char| !c.is_ascii_digit() && c != '-');
    words.filter(|word| word.len() == 10).find_map(|word| word.parse().ok())
}

#[test]
fn every_type_field_argument_and_word_of_both_schemas_is_described() {
    for sdl in [crate::graphql::sdl(), crate::staff_graphql::sdl()] {
        let reference = Reference::of(&sdl);
        let all = told(&reference);
        assert!(all.len() > 250, "{} things are told of", all.len());
        let bare: Vec<_> = all.iter().filter(|(_, words, _)| words.trim().is_empty()).collect();
        assert!(bare.is_empty(), "without a description: {bare:?}");
    }
}

#[test]
fn what_is_deprecated_says_on_which_day_it_goes() {
    for sdl in [crate::graphql::sdl(), crate::staff_graphql::sdl()] {
        let reference = Reference::of(&sdl);
        for (path, _, reason) in told(&reference) {
            assert!(reason.is_none_or(|why| day_of(why).is_some()), "{path}: {reason:?}");
        }
    }
}

#[test]
fn a_missing_description_and_a_missing_day_would_be_seen() {
    let sdl = "type Query { a(x: Int): T! } enum T { \"One.\" A @deprecated(reason: \"later\") B }";
    let reference = Reference::of(sdl);
    let all = told(&reference);
    let bare: Vec<_> = all.iter().filter(|(_, words, _)| words.is_empty()).collect();
    assert_eq!(bare.len(), 4, "{bare:?}");
    let reason = all.iter().find_map(|(_, _, reason)| *reason);
    assert_eq!(reason.and_then(day_of), None);
    assert_eq!(day_of("Use `b`; goes on 2027-06-30."), Some(jiff::civil::date(2027, 6, 30)));
    assert_eq!(day_of("goes on 2027-06-31"), None);
}

#[test]
fn names_at_the_roots_are_unique_so_that_each_has_a_page() {
    let reference = Reference::of(&crate::graphql::sdl());
    let mut names: Vec<_> = reference.operations.iter().map(|one| &one.field.name).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}
