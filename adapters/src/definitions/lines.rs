//! Finds the line that a fault is about. Only for the eyes of maintainers: a wrong guess in an
//! oddly written file costs them a moment.

use domain::catalogue::Place;

/// The line of the key, else of the part that should have it, else the first; from 1.
pub(super) fn line_of(text: &str, place: &Place) -> usize {
    let header: String;
    let (section, index, key) = match place {
        Place::App { key } | Place::AppOf { key, .. } => ("", 0, *key),
        Place::Field { index, key, .. } => ("[[field]]", *index, *key),
        Place::Row { index, key, .. } => ("[[row]]", *index, *key),
        Place::Category { index, key, .. } => ("[[category]]", *index, *key),
        Place::Section { section, key } => {
            header = format!("[{section}]");
            (header.as_str(), 0, *key)
        }
        Place::Material { index, key, .. } => ("[[case.material]]", *index, *key),
        Place::LeadsTo { key } => ("[leads_to]", 0, *key),
    };
    line_in(text, section, index, key)
}

/// The line of a key of the `index`th part under this header, as [`line_of`] finds it.
pub(super) fn line_in(text: &str, section: &str, index: usize, key: &str) -> usize {
    let is_header = |line: &str| line.trim_start().starts_with('[');
    let lines = || text.lines().enumerate();
    let start = if section.is_empty() {
        Some(0)
    } else {
        let mut headers = lines().filter(|(_, line)| line.trim() == section);
        headers.nth(index).map(|(at, _)| at + 1)
    };
    let Some(start) = start else { return 1 };
    let of_section = lines().skip(start).take_while(|(_, line)| !is_header(line));
    // A table of its own may stand in one line: then the line of its name is as near as one gets.
    let whole = key.split_once('.').map(|(table, _)| table);
    let lines_of_section: Vec<_> = of_section.collect();
    let line_of = |key: &str| lines_of_section.iter().find(|(_, line)| has_key(line, key));
    match line_of(key).or_else(|| line_of(whole?)) {
        Some((at, _)) => at + 1,
        None => start.max(1),
    }
}

fn has_key(line: &str, key: &str) -> bool {
    let rest = line.trim_start().strip_prefix(key);
    rest.is_some_and(|rest| rest.trim_start().starts_with('='))
}

/// The line of a byte offset, from 1.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "slug = \"a\"\nkind = \"query\"\n\n[[field]]\nname = \"x\"\n\n[[field]]\n\
        name = \"y\"\ntype= \"text\"\n\n[look_up]\noperation = \"a.b\"\n\n[[case.material]]\nby = \"file\"\n";

    #[test]
    fn a_place_is_found_by_its_part_and_key() {
        let field = |index, key| Place::Field { index, name: String::new(), key };
        let look_up = |key| Place::Section { section: "look_up", key };
        for (place, line) in [
            (Place::App { key: "kind" }, 2),
            (Place::App { key: "channels" }, 1),
            (field(0, "name"), 5),
            (field(0, "type"), 4),
            (field(1, "type"), 9),
            (field(2, "type"), 1),
            (look_up("operation"), 12),
            (look_up("sends"), 11),
            (Place::Material { index: 0, name: String::new(), key: "by" }, 15),
            (Place::Material { index: 0, name: String::new(), key: "label" }, 14),
            (Place::LeadsTo { key: "notice" }, 1),
        ] {
            assert_eq!(line_of(TEXT, &place), line, "{place}");
        }
    }

    #[test]
    fn offsets_are_counted_in_lines() {
        assert_eq!(line_at("a\nb\n", 0), 1);
        assert_eq!(line_at("a\nb\n", 2), 2);
        assert_eq!(line_at("a", 99), 1);
    }
}
